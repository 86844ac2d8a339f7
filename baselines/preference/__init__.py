"""Preference tuning: several answers to a prompt, which of two is better, and what that teaches."""
