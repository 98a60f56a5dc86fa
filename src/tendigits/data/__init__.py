"""Data sets of labelled 28x28 images: MNIST, which ships with the package, and others."""

from importlib import import_module
from typing import TYPE_CHECKING

from tendigits.data.catalogue import CATALOGUE, CatalogueEntry
from tendigits.data.dataset import (
    CLASSES,
    IMAGE_SIZE,
    NON_DIGIT,
    Dataset,
    LabelledImages,
    Split,
    stratified_split,
)

if TYPE_CHECKING:
    from tendigits.data.describe import describe_catalogue, describe_dataset, draw_samples
    from tendigits.data.load import load_dataset

__all__ = [
    "CATALOGUE",
    "CLASSES",
    "IMAGE_SIZE",
    "NON_DIGIT",
    "CatalogueEntry",
    "Dataset",
    "LabelledImages",
    "Split",
    "describe_catalogue",
    "describe_dataset",
    "draw_samples",
    "load_dataset",
    "stratified_split",
]

# Imported on first use, as pictures are read without data sets.
_MODULES = {
    "describe_catalogue": "describe",
    "describe_dataset": "describe",
    "draw_samples": "describe",
    "load_dataset": "load",
}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
