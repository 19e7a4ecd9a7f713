"""LINE: reading its webhook, the layout of replies, sending, and the account (setup and status)."""
