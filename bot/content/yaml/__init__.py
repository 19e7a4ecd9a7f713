"""The canonical form of the content's YAML."""
