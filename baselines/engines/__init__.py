"""Baselines that answer without a language model."""
