"""Models and a report made on this machine, which stand in for real ones."""
