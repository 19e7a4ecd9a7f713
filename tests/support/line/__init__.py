"""A LINE server of our own, with LINE's rules."""
