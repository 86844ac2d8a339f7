"""Prompts: templates, chat rendering, compound questions, and the answer in a completion."""
