"""New training records by changing the texts of those there are."""
