"""Faults of content, and edits that are never published."""
