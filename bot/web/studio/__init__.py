"""The studio: where the office changes what the bot knows."""
