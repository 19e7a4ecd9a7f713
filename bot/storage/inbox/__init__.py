"""Platform events: stored before the webhook answers, then processed in order."""
