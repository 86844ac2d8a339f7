"""Ablations: the cells of a grid over recipe fields, and what each choice is worth."""
