"""Find faults of the content, and edits that must never be published."""
