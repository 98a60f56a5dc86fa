"""A look at a data set: samples of each class, drawn into one picture."""

import io
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from tendigits.datasets.dataset import IMAGE_SIZE, Dataset
from tendigits.files import write_bytes

COLUMNS = 20
_SCALE = 2
_GAP = 4
_CELL = IMAGE_SIZE * _SCALE + _GAP
_PAPER = 255


def draw_samples(dataset: Dataset, path: Path, seed: int = 0) -> None:
    """Write a PNG of 20 training images a class, a row a class, its name on the left."""
    font = ImageFont.load_default(size=18)
    margin = 2 * _GAP + int(max(font.getlength(name) for name in dataset.class_names))
    picture = Image.new(
        "L", (margin + COLUMNS * _CELL + _GAP, len(dataset.class_names) * _CELL + _GAP), _PAPER
    )
    pen = ImageDraw.Draw(picture)
    generator = np.random.default_rng(seed)
    for row, name in enumerate(dataset.class_names):
        top = _GAP + row * _CELL
        pen.text((_GAP, top + _CELL // 2), name, fill=0, font=font, anchor="lm")
        of_class = np.flatnonzero(dataset.train.labels == row)
        chosen = generator.permutation(of_class)[:COLUMNS]
        for column, index in enumerate(chosen):
            tile = Image.fromarray(255 - dataset.train.images[index])
            size = (IMAGE_SIZE * _SCALE, IMAGE_SIZE * _SCALE)
            picture.paste(
                tile.resize(size, Image.Resampling.NEAREST), (margin + column * _CELL, top)
            )
    buffer = io.BytesIO()
    picture.save(buffer, format="PNG")
    write_bytes(path, buffer.getvalue())
