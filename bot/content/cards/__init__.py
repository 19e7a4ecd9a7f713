"""Content as cards: what is edited, compared and merged."""
