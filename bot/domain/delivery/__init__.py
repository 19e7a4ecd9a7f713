"""Outgoing messages to residents and to staff."""
