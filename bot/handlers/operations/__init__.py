"""Operate the bot: health report, backup, purge, key rotation."""
