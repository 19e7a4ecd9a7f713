"""sasaeai: the welfare bot of a city hall."""
