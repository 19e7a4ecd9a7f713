"""What the bot knows: draft, checks, revisions."""
