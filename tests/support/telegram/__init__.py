"""A fake Telegram Bot API that enforces Telegram's rules, and its users."""
