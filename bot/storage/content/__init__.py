"""The content: draft, regression checks, revisions."""
