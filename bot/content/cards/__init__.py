"""Content as cards: the unit of editing, comparing and merging."""
