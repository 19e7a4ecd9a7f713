"""The checks of a draft before publication."""
