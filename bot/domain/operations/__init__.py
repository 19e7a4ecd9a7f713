"""Operate the bot: health findings and their texts."""
