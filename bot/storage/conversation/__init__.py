"""The talk with a resident: its steps and what is said."""
