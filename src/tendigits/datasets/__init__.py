"""Data sets of labelled 28x28 images: MNIST in the package, others by name, folder or file."""

from tendigits.datasets.catalogue import CATALOGUE, CatalogueEntry
from tendigits.datasets.corrections import NO_DIGIT, Corrections
from tendigits.datasets.dataset import CLASSES, IMAGE_SIZE, Dataset, Examples
from tendigits.datasets.describe import describe_catalogue, describe_dataset
from tendigits.datasets.load import load_dataset
from tendigits.datasets.samples import draw_samples
from tendigits.datasets.split import Split, stratified_split

__all__ = [
    "CATALOGUE",
    "CLASSES",
    "IMAGE_SIZE",
    "NO_DIGIT",
    "CatalogueEntry",
    "Corrections",
    "Dataset",
    "Examples",
    "Split",
    "describe_catalogue",
    "describe_dataset",
    "draw_samples",
    "load_dataset",
    "stratified_split",
]
