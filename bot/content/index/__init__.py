"""The fitted index of the phrases, cached on disk."""
