"""The platforms that messages come from and go to."""
