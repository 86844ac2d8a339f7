"""Recipes: everything needed to produce answers, as TOML files."""

from submission.recipes.find import find_recipe, list_recipes, model_overrides
from submission.recipes.schema import Compound, Quarantine, Recipe, Sampling

__all__ = [
    "Compound",
    "Quarantine",
    "Recipe",
    "Sampling",
    "find_recipe",
    "list_recipes",
    "model_overrides",
]
