"""Recipes: the settings of a training, one TOML file each, checked by one typed class."""

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
    AugmentationSettings,
    ConvSettings,
    DistillationSettings,
    FineTuningSettings,
    MLPSettings,
    MuonSettings,
    OODSettings,
    ScheduleSettings,
    SGDSettings,
)

__all__ = [
    "AdamSettings",
    "AugmentationSettings",
    "ConvSettings",
    "DistillationSettings",
    "FineTuningSettings",
    "MLPSettings",
    "MuonSettings",
    "NetworkSettings",
    "OODSettings",
    "OptimizerSettings",
    "Precision",
    "Recipe",
    "SGDSettings",
    "ScheduleSettings",
    "load_recipe",
    "parse_setting",
    "shipped_recipes",
]
