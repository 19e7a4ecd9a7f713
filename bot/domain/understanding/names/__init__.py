"""Find the names and places of people in a text, to be masked."""
