from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from paper import on_paper, row
from tendigits import DataError, PictureMetrics, evaluate_pictures
from tendigits.data import Dataset


@pytest.fixture
def listed(mnist: Dataset, tmp_path: Path) -> Path:
    """A folder with pictures of 2104 and 7, a blank one and a damaged one."""
    Image.fromarray(on_paper(row(mnist.test.images[1:5]))).save(tmp_path / "row.png")
    Image.fromarray(mnist.test.images[0]).save(tmp_path / "seven.png")
    Image.new("L", (90, 60), 255).save(tmp_path / "blank.png")
    (tmp_path / "broken.png").write_bytes(b"broken")
    return tmp_path


def write_list(folder: Path, rows: Sequence[str]) -> None:
    text = "\n".join(["file,label", *rows]) + "\n"
    (folder / "pictures.csv").write_text(text, encoding="utf-8")


def test_listed_pictures_are_compared_with_their_text(listed: Path) -> None:
    write_list(listed, ["row.png,21 04", "seven.png,1", "blank.png,", "broken.png,5"])
    found = evaluate_pictures("reader", listed)
    assert (found.pictures, found.accuracy) == (4, 0.5)
    assert found.rejected == pytest.approx(1 / 3)
    wrong, broken = found.misread
    assert (Path(wrong.name).name, wrong.text, wrong.read) == ("seven.png", "1", "7")
    assert wrong.confidence > 0.9
    assert "broken.png is not a picture" in broken.read
    assert found.summary().splitlines()[0] == "Pictures read correctly: 50.00% of 4"


def test_dropped_mark_is_an_error(listed: Path) -> None:
    write_list(listed, ["row.png,21.04"])
    assert evaluate_pictures("reader", listed).accuracy == 0


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        ([], "lists no picture"),
        (["nope.png,5"], "picture 1: there is no file .*nope.png"),
        (["row.png"], "picture 1: give the columns file, label"),
    ],
)
def test_damaged_list_is_rejected(listed: Path, rows: list[str], problem: str) -> None:
    write_list(listed, rows)
    with pytest.raises(DataError, match=problem):
        evaluate_pictures("reader", listed)


def figures_by_class(mnist: Dataset, folder: Path) -> PictureMetrics:
    for number, image in enumerate(mnist.test.images[:20]):
        path = folder / str(mnist.test.labels[number]) / f"{number}.jpg"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(on_paper(row(image[None]))).save(path)
    return evaluate_pictures("reader", folder)


def test_pictures_of_classes_are_read_whole(mnist: Dataset, tmp_path: Path) -> None:
    found = figures_by_class(mnist, tmp_path)
    assert found.pictures == 20
    assert found.accuracy >= 0.9
    assert 0 <= found.calibration_error < 0.2
    assert all(str(tmp_path) in each.name for each in found.misread)


def test_folders_of_classes_without_pictures_are_rejected(tmp_path: Path) -> None:
    for digit in range(10):
        (tmp_path / str(digit)).mkdir()
    with pytest.raises(DataError, match="contains no picture of a digit; give at least one"):
        evaluate_pictures("reader", tmp_path)


def test_images_of_a_data_set_are_read_as_pictures(mnist: Dataset) -> None:
    images, labels = mnist.test.images[:40], mnist.test.labels[:40].copy()
    labels[0] = 3  # it is a 7
    found = evaluate_pictures("tiny", (images, labels))
    assert found.pictures == 40
    assert found.misread[0].name == "image 0"
    assert (found.misread[0].text, found.misread[0].read) == ("3", "7")
    assert np.isclose(found.accuracy, 1 - len(found.misread) / 40)
