"""Telegram: the door, the reader, the looks, the sender, the account."""
