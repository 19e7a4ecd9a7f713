"""A Telegram server of our own, with Telegram's rules."""
