"""A look at a data set: samples of each class, drawn into one picture."""

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from tendigits.data.dataset import IMAGE_SIZE, Dataset
from tendigits.files import write_bytes

COLUMNS = 20
_SCALE = 2
_GAP = 4
_CELL = IMAGE_SIZE * _SCALE + _GAP
_PAPER = 255


def draw_samples(dataset: Dataset, path: Path, seed: int = 0) -> None:
    """Write a PNG of 20 training images a class, a row a class, its name on the left."""
    generator = np.random.default_rng(seed)
    rows = []
    for label in range(len(dataset.class_names)):
        of_class = np.flatnonzero(dataset.train.labels == label)
        rows.append(dataset.train.images[generator.permutation(of_class)[:COLUMNS]])
    draw_grid(dataset.class_names, rows, path)


def draw_grid(names: Sequence[str], rows: Sequence[NDArray[np.uint8]], path: Path) -> None:
    """Write a PNG of rows of images (n, 28, 28), dark on light, each row's name on its left."""
    font = ImageFont.load_default(size=18)
    margin = 2 * _GAP + int(max(font.getlength(name) for name in names))
    columns = max(len(row) for row in rows)
    picture = Image.new("L", (margin + columns * _CELL + _GAP, len(rows) * _CELL + _GAP), _PAPER)
    pen = ImageDraw.Draw(picture)
    for number, (name, images) in enumerate(zip(names, rows, strict=True)):
        top = _GAP + number * _CELL
        pen.text((_GAP, top + _CELL // 2), name, fill=0, font=font, anchor="lm")
        for column, image in enumerate(images):
            tile = Image.fromarray(_PAPER - image)
            size = (IMAGE_SIZE * _SCALE, IMAGE_SIZE * _SCALE)
            place = (margin + column * _CELL, top)
            picture.paste(tile.resize(size, Image.Resampling.NEAREST), place)
    buffer = io.BytesIO()
    picture.save(buffer, format="PNG")
    write_bytes(path, buffer.getvalue())
