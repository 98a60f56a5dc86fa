from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tendigits.data import Dataset, LabelledImages, draw_samples

CELL = 60
GAP = 4
COLUMNS = 20


@pytest.fixture
def png(tmp_path: Path) -> Path:
    return tmp_path / "samples.png"


def read_png(path: Path) -> NDArray[np.uint8]:
    with Image.open(path) as picture:
        assert picture.format == "PNG"
        return np.asarray(picture.convert("L"))


def rows_of(picture: NDArray[np.uint8]) -> list[tuple[NDArray[np.uint8], list[bytes]]]:
    """Return each row's margin, and its tiles as images of 28 by 28 with 255 for ink."""
    left = picture.shape[1] - GAP - COLUMNS * CELL
    tops = range(GAP, picture.shape[0], CELL)
    return [
        (
            picture[top : top + CELL, :left],
            [
                (255 - picture[top : top + 56 : 2, x : x + 56 : 2]).tobytes()
                for x in range(left, left + COLUMNS * CELL, CELL)
            ],
        )
        for top in tops
    ]


def test_ten_rows_show_twenty_different_images_of_their_class(
    small_mnist: Dataset, png: Path
) -> None:
    draw_samples(small_mnist, png)
    rows = rows_of(read_png(png))
    assert len(rows) == 10
    for label, (_, tiles) in enumerate(rows):
        of_class = small_mnist.train.images[small_mnist.train.labels == label]
        assert set(tiles) <= {image.tobytes() for image in of_class}
        assert len(set(tiles)) == COLUMNS


def test_each_row_bears_its_own_name(small_mnist: Dataset, png: Path) -> None:
    draw_samples(small_mnist, png)
    margins = [margin for margin, _ in rows_of(read_png(png))]
    assert all(margin.min() < 128 for margin in margins)
    assert len({margin.tobytes() for margin in margins}) == 10


def test_a_long_name_makes_room_for_itself(small_mnist: Dataset, tmp_path: Path) -> None:
    draw_samples(small_mnist, tmp_path / "digits.png")
    named = replace(small_mnist, class_names=("Ankle boot", *small_mnist.class_names[1:]))
    draw_samples(named, tmp_path / "named.png")
    digits, named_rows = (read_png(tmp_path / name) for name in ("digits.png", "named.png"))
    assert named_rows.shape[1] > digits.shape[1] + 50
    assert [tiles for _, tiles in rows_of(named_rows)] == [tiles for _, tiles in rows_of(digits)]


def test_the_same_seed_draws_the_same_picture(small_mnist: Dataset, tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("one.png", "again.png", "other.png")]
    for path, seed in zip(paths, (3, 3, 4), strict=True):
        draw_samples(small_mnist, path, seed)
    one, again, other = (path.read_bytes() for path in paths)
    assert one == again
    assert one != other


def test_a_class_of_few_images_leaves_the_rest_of_its_row_blank(
    small_mnist: Dataset, png: Path
) -> None:
    images, labels = small_mnist.train.images, small_mnist.train.labels
    chosen = [*np.flatnonzero(labels == 2)[:3], *np.flatnonzero(labels == 5)]
    draw_samples(replace(small_mnist, train=LabelledImages(images[chosen], labels[chosen])), png)
    blank = bytes(28 * 28)
    drawn = [sum(tile != blank for tile in tiles) for _, tiles in rows_of(read_png(png))]
    assert drawn == [0, 0, 3, 0, 0, 20, 0, 0, 0, 0]


def test_a_missing_folder_is_named_and_nothing_is_left_behind(
    small_mnist: Dataset, tmp_path: Path
) -> None:
    wanted = tmp_path / "missing" / "samples.png"
    with pytest.raises(FileNotFoundError) as failure:
        draw_samples(small_mnist, wanted)
    assert failure.value.filename == str(wanted)
    assert list(tmp_path.iterdir()) == []
