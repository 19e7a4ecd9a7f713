"""The one form in which content is written."""
