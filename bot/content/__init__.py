"""What the bot knows: reading `intents/`, checking it, fitting the weights from it."""
