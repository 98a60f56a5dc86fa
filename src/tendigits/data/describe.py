"""Descriptions of data sets as text, and samples of their images as a PNG."""

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from tendigits.data.catalogue import CATALOGUE
from tendigits.data.dataset import IMAGE_SIZE, Dataset
from tendigits.data.download import cache_folder
from tendigits.files import write_bytes

SAMPLES_PER_CLASS = 20
_SCALE = 2
_GAP = 4
_CELL = IMAGE_SIZE * _SCALE + _GAP
_PAPER = 255


def describe_catalogue() -> str:
    """Return one line per data set of the catalogue: its name, its title and where it is."""
    width = max(len(name) for name in CATALOGUE)
    lines = []
    for entry in CATALOGUE.values():
        folder = cache_folder() / entry.name
        if not entry.mirrors:
            place = "ships with the package"
        elif all((folder / file).exists() for file in entry.sha256):
            place = f"in {folder}"
        else:
            place = "downloaded on first use"
        lines.append(f"{entry.name:<{width}}  {entry.title} ({place})")
    return "\n".join(lines)


def describe_dataset(dataset: Dataset) -> str:
    """Return the description, shapes, class counts and checksums of `dataset`, as lines of text."""
    checksums = [f"  {sha256}  {name}" for name, sha256 in dataset.checksums.items()]
    return "\n".join(
        [
            *_origin(dataset),
            f"images     {IMAGE_SIZE}x{IMAGE_SIZE}x1 uint8, labels int64",
            f"splits     train {len(dataset.train):,}, test {len(dataset.test):,}",
            *(f"note       {note}" for note in dataset.all_notes),
            "",
            *_class_table(dataset),
            "",
            "SHA-256 of each part as an uncompressed IDX file:",
            *checksums,
        ]
    )


def draw_samples(dataset: Dataset, path: Path, seed: int = 0) -> None:
    """Write a PNG with one row per class: its name and 20 of its training images."""
    generator = np.random.default_rng(seed)
    rows = []
    for label in range(len(dataset.class_names)):
        of_class = np.flatnonzero(dataset.train.labels == label)
        rows.append(dataset.train.images[generator.permutation(of_class)[:SAMPLES_PER_CLASS]])
    draw_grid(dataset.class_names, rows, path)


def draw_grid(names: Sequence[str], rows: Sequence[NDArray[np.uint8]], path: Path) -> None:
    """Write a PNG of rows of images (n, 28, 28), dark on light, each row with its name."""
    font = ImageFont.load_default(size=18)
    margin = 2 * _GAP + int(max(font.getlength(name) for name in names))
    columns = max(len(row) for row in rows)
    picture = Image.new("L", (margin + columns * _CELL + _GAP, len(rows) * _CELL + _GAP), _PAPER)
    draw = ImageDraw.Draw(picture)
    for number, (name, images) in enumerate(zip(names, rows, strict=True)):
        top = _GAP + number * _CELL
        draw.text((_GAP, top + _CELL // 2), name, fill=0, font=font, anchor="lm")
        for column, image in enumerate(images):
            tile = Image.fromarray(_PAPER - image)
            size = (IMAGE_SIZE * _SCALE, IMAGE_SIZE * _SCALE)
            place = (margin + column * _CELL, top)
            picture.paste(tile.resize(size, Image.Resampling.NEAREST), place)
    buffer = io.BytesIO()
    picture.save(buffer, format="PNG")
    write_bytes(path, buffer.getvalue())


def _origin(dataset: Dataset) -> list[str]:
    entry = CATALOGUE.get(dataset.name)
    if entry is None or dataset.source != entry.name:
        return [f"{dataset.name}", "", f"source     {dataset.source or 'memory'}"]
    return [
        entry.title,
        "",
        entry.description,
        "",
        f"homepage   {entry.homepage}",
        f"citation   {entry.citation}",
        f"licence    {entry.licence}",
    ]


def _class_table(dataset: Dataset) -> list[str]:
    width = max(5, *(len(name) for name in dataset.class_names))
    counts = zip(
        dataset.class_names, dataset.train.class_counts, dataset.test.class_counts, strict=True
    )
    rows = [f"{name:<{width}}  {train:>7,}  {test:>7,}" for name, train, test in counts]
    return [f"{'class':<{width}}  {'train':>7}  {'test':>7}", *rows]
