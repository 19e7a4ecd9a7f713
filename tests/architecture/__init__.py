"""The shape of the code and of its documents."""
