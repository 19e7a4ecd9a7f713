"""What the bot decides: pure functions of text and facts. No clock, no SQL, no files, no SDK."""
