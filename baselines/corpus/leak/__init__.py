"""Training records that are nearly rows of a test file."""
