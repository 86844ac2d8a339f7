"""What a ranking of systems is worth."""
