"""Every table, three pages, and the column types."""
