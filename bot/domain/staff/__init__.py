"""Accounts, permissions and chat commands of staff."""
