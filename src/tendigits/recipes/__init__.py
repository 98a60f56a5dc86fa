"""Recipes: one TOML file each, checked by one typed class."""

from tendigits.recipes.recipe import (
    AdamSettings,
    MLPSettings,
    Recipe,
    load_recipe,
    parse_setting,
    shipped_recipes,
)

__all__ = [
    "AdamSettings",
    "MLPSettings",
    "Recipe",
    "load_recipe",
    "parse_setting",
    "shipped_recipes",
]
