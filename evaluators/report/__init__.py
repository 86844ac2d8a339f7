"""Scores side by side, for people."""
