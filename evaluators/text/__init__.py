"""What metrics and rules know of text."""
