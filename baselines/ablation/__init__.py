"""Ablations: the cells of a grid over recipe fields, and the effect of each choice."""
