"""The studio: pages on which the office edits the bot's content."""
