"""The content: reading `intents/`, checking it, merging upgrades, and the index fitted from it."""
