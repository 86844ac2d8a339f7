"""What the terminal shows: the one way out, and what tables and numbers look like."""
