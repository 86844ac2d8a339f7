"""Baselines: what a submission is compared against, and how it is made."""
