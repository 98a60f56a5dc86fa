import io

import numpy as np
import pytest
from PIL import Image

from paper import on_paper, row
from server_process import png
from tendigits import Reader
from tendigits.data import Dataset
from tendigits.server.reader_process import Picture, Read, Rejected, as_data_url, read_picture

LIMIT = 1_000_000


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader()


def test_a_picture_is_read_with_its_frames(reader: Reader, mnist: Dataset) -> None:
    content = png(on_paper(row(mnist.test.images[:3])))
    read = read_picture(reader, Picture("a.png", content), LIMIT)
    assert isinstance(read, Read)
    assert (read.text, read.answer["file"], read.frames.shape) == ("721", "a.png", (3, 28, 28))
    assert "frame" not in read.answer["digits"][0]


def test_frames_and_probabilities_are_those_of_the_reader(reader: Reader, mnist: Dataset) -> None:
    read = read_picture(reader, Picture("-", mnist.test.images[0], frames=True), LIMIT)
    assert isinstance(read, Read)
    (digit,) = read.answer["digits"]
    assert digit["frame"] == as_data_url(read.frames[0])
    assert digit["probabilities"][7] == digit["confidence"]
    assert sum(digit["probabilities"]) <= 1.00001


def test_an_empty_picture_has_no_frames(reader: Reader) -> None:
    read = read_picture(reader, Picture("-", np.zeros((28, 28), np.uint8), frames=True), LIMIT)
    assert isinstance(read, Read)
    assert (read.text, read.frames.shape) == ("", (0, 28, 28))


def test_what_pillow_would_hand_to_another_program_is_no_picture(reader: Reader) -> None:
    file = io.BytesIO()
    Image.new("L", (9, 9)).save(file, "EPS")
    rejected = read_picture(reader, Picture("-", file.getvalue()), LIMIT)
    assert isinstance(rejected, Rejected)
    assert rejected.status == 415


def test_pixels_are_counted_before_they_are_decoded(reader: Reader) -> None:
    cut = png(np.zeros((1000, 1001), np.uint8))[:200]
    rejected = read_picture(reader, Picture("-", cut), LIMIT)
    assert rejected == Rejected(413, "The picture has 1,001,000 pixels; give at most 1,000,000.")
