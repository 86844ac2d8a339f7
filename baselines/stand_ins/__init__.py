"""Small models made on this machine, which stand in for real ones."""
