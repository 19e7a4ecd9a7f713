"""Running it: health, backup, purge, keys."""
