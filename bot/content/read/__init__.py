"""Read the content's files into a catalog."""
