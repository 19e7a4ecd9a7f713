"""Names and places of people in a text, found to be masked."""
