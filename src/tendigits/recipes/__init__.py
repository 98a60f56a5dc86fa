"""Recipes: the settings of a training, one TOML file each, checked by one typed class."""

from tendigits.recipes.network_settings import (
    ConvSettings,
    FinderSettings,
    MLPSettings,
    SequentialSettings,
)
from tendigits.recipes.recipe import (
    NetworkSettings,
    OptimizerSettings,
    Precision,
    Recipe,
    load_recipe,
    parse_setting,
    shipped_recipes,
)
from tendigits.recipes.settings import (
    AdamSettings,
    AdamWSettings,
    AugmentationSettings,
    DistillationSettings,
    MuonSettings,
    ScheduleSettings,
)

__all__ = [
    "AdamSettings",
    "AdamWSettings",
    "AugmentationSettings",
    "ConvSettings",
    "DistillationSettings",
    "FinderSettings",
    "MLPSettings",
    "MuonSettings",
    "NetworkSettings",
    "OptimizerSettings",
    "Precision",
    "Recipe",
    "ScheduleSettings",
    "SequentialSettings",
    "load_recipe",
    "parse_setting",
    "shipped_recipes",
]
