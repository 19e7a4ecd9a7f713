"""A fake LINE server that enforces LINE's rules, and its users."""
