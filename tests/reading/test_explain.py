import io

import numpy as np
from PIL import Image

from paper import on_paper, row
from tendigits import Reader, Reading
from tendigits.data import Dataset
from tendigits.images import Box, Picture, decode
from tendigits.reading.explain import (
    ACCEPTED,
    LINE,
    MARGIN,
    NUMBER,
    REJECTED,
    draw_explanation,
)
from tendigits.reading.numbers import Number


def colours(drawing: bytes) -> set[tuple[int, ...]]:
    with Image.open(io.BytesIO(drawing)) as image:
        return {tuple(colour) for colour in np.unique(np.asarray(image).reshape(-1, 3), axis=0)}


def test_accepted_shapes_are_green_and_rejected_ones_red(mnist: Dataset) -> None:
    picture = on_paper(row(mnist.test.images[:3]))
    for threshold, wanted, other in ((0.0, ACCEPTED, REJECTED), (1.0, REJECTED, ACCEPTED)):
        drawing = draw_explanation(decode(picture), Reader(threshold=threshold).read(picture))
        assert wanted in colours(drawing)
        assert other not in colours(drawing)


def test_blank_picture_is_drawn() -> None:
    blank = np.full((50, 90), 255, np.uint8)
    assert colours(draw_explanation(decode(blank), Reader().read(blank))) == {(255, 255, 255)}


def test_numbers_and_lines_are_in_boxes_on_the_picture() -> None:
    # A picture of 3000 by 1500 pixels, decoded at half its size and drawn with 1280 by 640.
    decoded = Picture(np.full((750, 1500), 255, np.uint8), scale=2.0)
    boxes = [Box(300, 300, 900, 600), Box(1500, 330, 1800, 600), Box(300, 900, 1200, 1200)]
    lines = (0, 0, 1)
    numbers = [Number("12", box, 0.5, line) for box, line in zip(boxes, lines, strict=True)]
    drawing = draw_explanation(decoded, Reading((), tuple(numbers)))
    with Image.open(io.BytesIO(drawing)) as image:
        drawn = np.asarray(image)
    scale = 1280 / 3000
    for box in boxes:
        left, right = round(box.left * scale) - MARGIN, round(box.right * scale) + MARGIN
        middle = round((box.top + box.bottom) / 2 * scale)
        edges = np.flatnonzero((drawn[middle] == NUMBER).all(axis=1))
        assert {left, right} <= set(edges)
    for top, bottom in ((300, 600), (900, 1200)):
        edges = np.flatnonzero((drawn[:, round(500 * scale)] == LINE).all(axis=1))
        assert {round(top * scale) - 2 * MARGIN, round(bottom * scale) + 2 * MARGIN} <= set(edges)
