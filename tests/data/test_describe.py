from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tendigits.data import (
    CATALOGUE,
    Dataset,
    describe_catalogue,
    describe_dataset,
    draw_samples,
)

CELL = 60
GAP = 4
COLUMNS = 20


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("TENDIGITS_CACHE", str(tmp_path))
    return tmp_path


@pytest.fixture
def png(tmp_path: Path) -> Path:
    return tmp_path / "samples.png"


def read_png(path: Path) -> NDArray[np.uint8]:
    with Image.open(path) as picture:
        assert picture.format == "PNG"
        return np.asarray(picture.convert("L"))


def rows_of(picture: NDArray[np.uint8]) -> list[tuple[NDArray[np.uint8], list[bytes]]]:
    """Return the margin of each row, and its tiles as bytes of (28, 28) with 255 for full ink."""
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


def test_the_catalogue_has_one_line_per_data_set() -> None:
    lines = describe_catalogue().splitlines()
    assert [line.split()[0] for line in lines] == list(CATALOGUE)
    assert all(entry.title in line for entry, line in zip(CATALOGUE.values(), lines, strict=True))


def test_each_line_of_the_catalogue_states_where_the_data_set_is(cache: Path) -> None:
    for name in CATALOGUE["kmnist"].sha256:
        (cache / "kmnist").mkdir(exist_ok=True)
        (cache / "kmnist" / name).touch()
    mnist, fashion_mnist, kmnist = describe_catalogue().splitlines()
    assert mnist.endswith("(ships with the package)")
    assert fashion_mnist.endswith("(downloaded on first use)")
    assert kmnist.endswith(f"(in {cache / 'kmnist'})")


def test_a_data_set_with_a_missing_file_is_listed_as_not_downloaded(cache: Path) -> None:
    (cache / "kmnist").mkdir()
    (cache / "kmnist" / "t10k-labels-idx1-ubyte.gz").touch()
    assert describe_catalogue().endswith("(downloaded on first use)")


def test_the_description_of_mnist_has_its_origin(mnist: Dataset) -> None:
    entry = CATALOGUE["mnist"]
    lines = describe_dataset(mnist).splitlines()
    assert lines[0] == entry.title
    assert entry.description in lines
    assert f"licence    {entry.licence}" in lines
    assert f"homepage   {entry.homepage}" in lines
    assert f"citation   {entry.citation}" in lines


def test_the_description_of_mnist_has_its_sizes_and_class_counts(mnist: Dataset) -> None:
    lines = describe_dataset(mnist).splitlines()
    assert "splits     train 60,000, test 10,000" in lines
    assert "images     28x28x1 uint8, labels int64" in lines
    table = [line.split() for line in lines]
    assert ["class", "train", "test"] in table
    assert ["0", "5,923", "980"] in table
    assert ["9", "5,949", "1,009"] in table


def test_the_description_ends_with_the_checksums(mnist: Dataset) -> None:
    lines = describe_dataset(mnist).splitlines()
    assert lines[-4:] == [
        f"  {sha256}  {name}" for name, sha256 in CATALOGUE["mnist"].sha256.items()
    ]


def test_the_description_of_a_folder_has_its_path(small_mnist: Dataset) -> None:
    lines = describe_dataset(small_mnist).splitlines()
    assert lines[0] == "small-mnist"
    assert f"source     {small_mnist.source}" in lines
    assert "splits     train 2,000, test 500" in lines


def test_a_folder_named_mnist_is_not_described_as_mnist(small_mnist: Dataset) -> None:
    text = describe_dataset(replace(small_mnist, name="mnist"))
    assert text.startswith("mnist\n")
    assert str(small_mnist.source) in text
    assert CATALOGUE["mnist"].licence not in text


def test_columns_of_the_class_table_are_aligned_for_long_names(small_mnist: Dataset) -> None:
    names = CATALOGUE["fashion-mnist"].class_names
    lines = describe_dataset(replace(small_mnist, class_names=names)).splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith("class"))
    table = lines[first : first + 11]
    assert {len(line) for line in table} == {len("T-shirt/top") + 2 * (2 + 7)}
    assert all(line.startswith(name) for name, line in zip(names, table[1:], strict=True))


def test_samples_are_ten_rows_of_twenty_different_images_of_their_class(
    small_mnist: Dataset, png: Path
) -> None:
    draw_samples(small_mnist, png)
    rows = rows_of(read_png(png))
    assert len(rows) == 10
    for label, (_, tiles) in enumerate(rows):
        of_class = small_mnist.train.images[small_mnist.train.labels == label]
        assert set(tiles) <= {image.tobytes() for image in of_class}
        assert len(set(tiles)) == COLUMNS


def test_each_row_of_samples_has_its_own_name(small_mnist: Dataset, png: Path) -> None:
    draw_samples(small_mnist, png)
    margins = [margin for margin, _ in rows_of(read_png(png))]
    assert all(margin.min() < 128 for margin in margins)
    assert len({margin.tobytes() for margin in margins}) == 10


def test_the_margin_fits_a_long_class_name(small_mnist: Dataset, tmp_path: Path) -> None:
    draw_samples(small_mnist, tmp_path / "digits.png")
    named = replace(small_mnist, class_names=("Ankle boot", *small_mnist.class_names[1:]))
    draw_samples(named, tmp_path / "named.png")
    digits, named_rows = (read_png(tmp_path / name) for name in ("digits.png", "named.png"))
    assert named_rows.shape[1] > digits.shape[1] + 50
    assert [tiles for _, tiles in rows_of(named_rows)] == [tiles for _, tiles in rows_of(digits)]


def test_the_same_seed_draws_the_same_samples(small_mnist: Dataset, tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("one.png", "again.png", "other.png")]
    for path, seed in zip(paths, (3, 3, 4), strict=True):
        draw_samples(small_mnist, path, seed)
    one, again, other = (path.read_bytes() for path in paths)
    assert one == again
    assert one != other


def test_the_row_of_a_class_with_few_images_is_filled_up_with_blank_tiles(
    small_mnist: Dataset, png: Path
) -> None:
    labels = small_mnist.train.labels
    chosen = np.concatenate([np.flatnonzero(labels == 2)[:3], np.flatnonzero(labels == 5)])
    draw_samples(replace(small_mnist, train=small_mnist.train.subset(chosen)), png)
    blank = bytes(28 * 28)
    drawn = [sum(tile != blank for tile in tiles) for _, tiles in rows_of(read_png(png))]
    assert drawn == [0, 0, 3, 0, 0, 20, 0, 0, 0, 0]


def test_the_error_for_a_missing_folder_has_its_path_and_no_file_is_left(
    small_mnist: Dataset, tmp_path: Path
) -> None:
    wanted = tmp_path / "missing" / "samples.png"
    with pytest.raises(FileNotFoundError) as failure:
        draw_samples(small_mnist, wanted)
    assert failure.value.filename == str(wanted)
    assert list(tmp_path.iterdir()) == []
