"""Conversations with residents: their state and messages."""
