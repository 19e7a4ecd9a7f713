"""Features of Japanese text. Built by bootstrap and passed to the handlers."""
