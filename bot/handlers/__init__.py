"""One function for one thing somebody does: load, ask the domain, save."""
