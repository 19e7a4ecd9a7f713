"""Operations: health, backup, purge, keys."""
