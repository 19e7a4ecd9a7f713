"""Everything that speaks HTTP: pages, webhooks, health."""
