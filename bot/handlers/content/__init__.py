"""Edit, check and publish the content."""
