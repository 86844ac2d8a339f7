"""Personal data out of texts, and placeholders in their place."""
