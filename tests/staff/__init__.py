"""Accounts, permissions, duty list and chats of staff."""
