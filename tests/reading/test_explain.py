import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from paper import on_paper, row
from tendigits import PictureError, Reader, Reading
from tendigits.data import Dataset
from tendigits.images import Box, Picture, decode
from tendigits.reading.explain import (
    ACCEPTED,
    LINE,
    MARGIN,
    NUMBER,
    REJECTED,
    draw_explanation,
    write_crops,
)
from tendigits.reading.numbers import Number


def colours(path: Path) -> set[tuple[int, ...]]:
    with Image.open(path) as image:
        return {tuple(colour) for colour in np.unique(np.asarray(image).reshape(-1, 3), axis=0)}


def test_accepted_shapes_are_green_and_rejected_ones_red(mnist: Dataset, tmp_path: Path) -> None:
    picture = on_paper(row(mnist.test.images[:3]))
    for threshold, wanted, other in ((0.0, ACCEPTED, REJECTED), (1.0, REJECTED, ACCEPTED)):
        path = tmp_path / f"{threshold}.png"
        draw_explanation(decode(picture), Reader(threshold=threshold).read(picture), path)
        assert wanted in colours(path)
        assert other not in colours(path)


def test_blank_picture_is_drawn(tmp_path: Path) -> None:
    blank = np.full((50, 90), 255, np.uint8)
    draw_explanation(decode(blank), Reader().read(blank), tmp_path / "blank.png")
    assert colours(tmp_path / "blank.png") == {(255, 255, 255)}


def test_numbers_and_lines_are_in_boxes_on_the_picture(tmp_path: Path) -> None:
    # A picture of 3000 by 1500 pixels, decoded at half its size and drawn with 1280 by 640.
    decoded = Picture(np.full((750, 1500), 255, np.uint8), scale=2.0)
    boxes = [Box(300, 300, 900, 600), Box(1500, 330, 1800, 600), Box(300, 900, 1200, 1200)]
    lines = (0, 0, 1)
    numbers = [Number("12", box, 0.5, line) for box, line in zip(boxes, lines, strict=True)]
    draw_explanation(decoded, Reading((), tuple(numbers)), tmp_path / "seen.png")
    with Image.open(tmp_path / "seen.png") as image:
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


def test_frames_of_several_pictures_are_listed_in_order(mnist: Dataset, tmp_path: Path) -> None:
    reader = Reader()
    for name, image in zip(("a", "b"), mnist.test.images, strict=False):
        write_crops(name, reader.read(image), tmp_path)
    lines = (tmp_path / "labels.jsonl").read_text(encoding="utf-8").splitlines()
    entries = [json.loads(line) for line in lines]
    assert [list(entry) for entry in entries] == [["file", "digit", "accepted", "confidence"]] * 2
    assert [entry["file"] for entry in entries] == ["a-000-7.png", "b-000-2.png"]
    assert [entry["digit"] for entry in entries] == mnist.test.labels[:2].tolist()
    assert all((tmp_path / entry["file"]).exists() for entry in entries)


def test_files_of_rejected_frames_are_named_rejected(mnist: Dataset, tmp_path: Path) -> None:
    reading = Reader(threshold=1.0).read(mnist.test.images[0])
    write_crops("stdin", reading, tmp_path)
    with Image.open(tmp_path / "stdin-000-rejected.png") as frame:
        np.testing.assert_array_equal(np.asarray(frame), reading.digits[0].frame)


def test_path_that_cannot_be_written_gives_an_error(mnist: Dataset, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    picture = decode(mnist.test.images[0])
    with pytest.raises(PictureError, match="choose another path"):
        draw_explanation(picture, Reader().read_page(picture), tmp_path / "file" / "seen.png")
