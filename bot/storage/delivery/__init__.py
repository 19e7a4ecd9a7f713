"""Messages on their way out: to residents and to staff."""
