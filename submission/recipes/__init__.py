"""Recipes: everything needed to produce answers, as TOML files."""

from submission.recipes.degenerate import Degenerate, DegenerateRules
from submission.recipes.find import find_recipe, list_recipes, model_overrides
from submission.recipes.schema import Compound, Recipe, Sampling

__all__ = [
    "Compound",
    "Degenerate",
    "DegenerateRules",
    "Recipe",
    "Sampling",
    "find_recipe",
    "list_recipes",
    "model_overrides",
]
