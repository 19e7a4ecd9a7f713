"""Every table, in three modules, and the column types."""
