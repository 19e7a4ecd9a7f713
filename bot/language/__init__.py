"""From Japanese text to features. Built by bootstrap and handed in."""
