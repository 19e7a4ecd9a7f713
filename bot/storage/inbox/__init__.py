"""What platforms post, kept before it is answered and processed in order."""
