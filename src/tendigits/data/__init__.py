"""Data sets of labelled 28x28 images: MNIST, which ships with the package, and others."""

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
