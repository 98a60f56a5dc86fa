"""Data sets of labelled 28x28 images: MNIST in the package, others by name, folder or file."""

from tendigits.data.catalogue import CATALOGUE, CatalogueEntry
from tendigits.data.dataset import CLASSES, IMAGE_SIZE, NON_DIGIT, Dataset, LabelledImages
from tendigits.data.describe import describe_catalogue, describe_dataset
from tendigits.data.load import load_dataset
from tendigits.data.samples import draw_samples
from tendigits.data.split import Split, stratified_split

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
