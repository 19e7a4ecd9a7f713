"""One file for one step, in order."""
