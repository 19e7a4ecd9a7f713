"""LINE: the door (what came), the looks (how it is shown), the sender, the account (setup and status)."""
