"""The fitted index of the phrases, kept on disk."""
