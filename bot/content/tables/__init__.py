"""Content as Excel and CSV."""
