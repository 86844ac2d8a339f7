"""More training records of those there are: pairs, joined questions, balanced categories."""
