"""What a draft is checked for before it is published."""
