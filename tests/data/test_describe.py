from dataclasses import replace
from pathlib import Path

import pytest

from tendigits.data import CATALOGUE, Dataset, describe_catalogue, describe_dataset


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("TENDIGITS_CACHE", str(tmp_path))
    return tmp_path


def test_each_data_set_known_by_name_has_a_line() -> None:
    lines = describe_catalogue().splitlines()
    assert [line.split()[0] for line in lines] == list(CATALOGUE)
    assert all(entry.title in line for entry, line in zip(CATALOGUE.values(), lines, strict=True))


def test_the_catalogue_says_where_each_data_set_is(cache: Path) -> None:
    for name in CATALOGUE["kmnist"].sha256:
        (cache / "kmnist").mkdir(exist_ok=True)
        (cache / "kmnist" / name).touch()
    mnist, fashion_mnist, kmnist = describe_catalogue().splitlines()
    assert mnist.endswith("(comes with the package)")
    assert fashion_mnist.endswith("(downloaded when first used)")
    assert kmnist.endswith(f"(in {cache / 'kmnist'})")


def test_a_data_set_of_which_a_file_is_lacking_is_still_to_be_downloaded(cache: Path) -> None:
    (cache / "kmnist").mkdir()
    (cache / "kmnist" / "t10k-labels-idx1-ubyte.gz").touch()
    assert describe_catalogue().endswith("(downloaded when first used)")


def test_mnist_is_described_with_its_origin(mnist: Dataset) -> None:
    entry = CATALOGUE["mnist"]
    lines = describe_dataset(mnist).splitlines()
    assert lines[0] == entry.title
    assert entry.description in lines
    assert f"licence    {entry.licence}" in lines
    assert f"homepage   {entry.homepage}" in lines
    assert f"citation   {entry.citation}" in lines


def test_mnist_is_described_with_its_sizes_and_counts(mnist: Dataset) -> None:
    lines = describe_dataset(mnist).splitlines()
    assert "splits     train 60,000, test 10,000" in lines
    assert "images     28x28x1 uint8, labels int64" in lines
    table = [line.split() for line in lines]
    assert ["class", "train", "test"] in table
    assert ["0", "5,923", "980"] in table
    assert ["9", "5,949", "1,009"] in table


def test_the_checksums_are_told(mnist: Dataset) -> None:
    lines = describe_dataset(mnist).splitlines()
    assert lines[-4:] == [
        f"  {sha256}  {name}" for name, sha256 in CATALOGUE["mnist"].sha256.items()
    ]


def test_a_folder_of_ones_own_is_described_by_its_place(small_mnist: Dataset) -> None:
    lines = describe_dataset(small_mnist).splitlines()
    assert lines[0] == "small-mnist"
    assert f"source     {small_mnist.source}" in lines
    assert "splits     train 2,000, test 500" in lines


def test_a_folder_that_is_called_mnist_is_not_taken_for_mnist(small_mnist: Dataset) -> None:
    text = describe_dataset(replace(small_mnist, name="mnist"))
    assert text.startswith("mnist\n")
    assert small_mnist.source in text
    assert CATALOGUE["mnist"].licence not in text


def test_the_table_of_classes_is_as_wide_as_the_longest_name(small_mnist: Dataset) -> None:
    names = CATALOGUE["fashion-mnist"].class_names
    lines = describe_dataset(replace(small_mnist, class_names=names)).splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith("class"))
    table = lines[first : first + 11]
    assert {len(line) for line in table} == {len("T-shirt/top") + 2 * (2 + 7)}
    assert all(line.startswith(name) for name, line in zip(names, table[1:], strict=True))
