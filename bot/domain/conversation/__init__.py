"""The dialogue with a resident: its steps and replies."""
