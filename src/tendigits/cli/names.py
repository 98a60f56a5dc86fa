"""The names that complete what is typed: recipes, data sets, models."""


def recipe_names(incomplete: str) -> list[str]:
    """Return the shipped recipes whose names begin like this."""
    from tendigits.recipes import shipped_recipes

    return [name for name in shipped_recipes() if name.startswith(incomplete)]


def data_set_names(incomplete: str) -> list[str]:
    """Return the data sets of the catalogue whose names begin like this."""
    from tendigits.data import CATALOGUE

    return [name for name in CATALOGUE if name.startswith(incomplete)]


def model_names(incomplete: str) -> list[str]:
    """Return the pretrained models whose names begin like this."""
    from tendigits.classifiers import pretrained_models

    return [name for name in pretrained_models() if name.startswith(incomplete)]
