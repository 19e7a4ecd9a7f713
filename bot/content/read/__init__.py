"""Files into a catalog."""
