"""Numbers with marks, written with MNIST's digits: what misses a mark is not confident."""

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from paper import drawn
from tendigits import Reader
from tendigits.data import Dataset
from tendigits.images.finder import MARKS

PICTURES = 20
HEIGHT, PEN, GAP = 80, 7, 12
WITHOUT_MARKS = str.maketrans("", "", MARKS)


def written(text: str, mnist: Dataset, random: np.random.Generator) -> NDArray[np.uint8]:
    """Return a picture of a text, dark on light."""
    picture = Image.new("L", (70 * len(text) + 60, 2 * HEIGHT), 0)
    draw, left = ImageDraw.Draw(picture), 30
    top, base = HEIGHT // 2, HEIGHT // 2 + HEIGHT
    for symbol in text:
        if symbol == ".":
            draw.ellipse((left, base - PEN - 2, left + PEN + 2, base), fill=255)
            left += PEN + 2 + GAP
        elif symbol == "/":
            lean = int(random.integers(16, 32))
            draw.line((left, base + 4, left + lean, top - 4), fill=255, width=PEN)
            left += lean + GAP
        else:
            image = random.choice(mnist.test.images[mnist.test.labels == int(symbol)])
            ink = Image.fromarray((255 * drawn(image, 6)).astype(np.uint8))
            box = ink.getbbox()
            assert box is not None
            digit = ink.crop(box)
            digit = digit.resize((max(1, digit.width * HEIGHT // digit.height), HEIGHT))
            picture.paste(digit, (left, top))
            left += digit.width + GAP
    return 235 - (np.asarray(picture.crop((0, 0, left + 30, 2 * HEIGHT))) * 0.8).astype(np.uint8)


@pytest.mark.parametrize("text", ["3.14", "24/12/2025"])
def test_marks_are_read_and_what_is_read_without_them_is_not_confident(
    text: str, mnist: Dataset
) -> None:
    reader, random = Reader(), np.random.default_rng(1)
    readings = [reader.read(written(text, mnist, random)) for _ in range(PICTURES)]
    read = [reading.text for reading in readings]
    assert read.count(text) >= 0.5 * PICTURES
    misses_marks = {text.translate(WITHOUT_MARKS), text.replace("/", "1")} - {text}
    without = [reading.confidence for reading in readings if reading.text in misses_marks]
    assert sum(confidence > 0.9 for confidence in without) <= 1
    with_marks = next(reading for reading in readings if reading.text == text)
    assert [number.text for number in with_marks.numbers] == [text]
