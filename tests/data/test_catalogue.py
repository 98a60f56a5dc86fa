import gzip
import hashlib
from pathlib import Path
from urllib.parse import urlsplit

import pytest

import tendigits.data
from tendigits.data import CATALOGUE, CatalogueEntry
from tendigits.data.catalogue import IDX_FILES

BUNDLED = Path(tendigits.data.__file__).parent / "mnist"
entries = pytest.mark.parametrize("entry", CATALOGUE.values(), ids=CATALOGUE)


def test_three_data_sets_are_known_by_name() -> None:
    assert list(CATALOGUE) == ["mnist", "fashion-mnist", "kmnist"]


@entries
def test_an_entry_is_found_by_its_own_name(entry: CatalogueEntry) -> None:
    assert CATALOGUE[entry.name] is entry


@entries
def test_an_entry_names_ten_classes(entry: CatalogueEntry) -> None:
    assert len(set(entry.class_names)) == len(entry.class_names) == 10


@entries
def test_an_entry_has_the_sum_of_each_of_the_four_files(entry: CatalogueEntry) -> None:
    assert tuple(name.removesuffix(".gz") for name in entry.sha256) == IDX_FILES
    assert all(len(bytes.fromhex(sha256)) == 32 for sha256 in entry.sha256.values())
    assert len(set(entry.sha256.values())) == 4


@entries
def test_an_entry_says_where_it_is_from_and_on_what_terms(entry: CatalogueEntry) -> None:
    assert urlsplit(entry.homepage).netloc
    assert entry.title
    assert entry.citation.endswith(".")
    assert entry.description.endswith(".")
    assert entry.licence


@entries
def test_a_mirror_is_the_address_of_a_folder(entry: CatalogueEntry) -> None:
    assert all(
        urlsplit(mirror).scheme in {"http", "https"} and mirror.endswith("/")
        for mirror in entry.mirrors
    )


def test_all_but_the_bundled_data_set_have_a_mirror() -> None:
    assert [entry.name for entry in CATALOGUE.values() if not entry.mirrors] == ["mnist"]


@pytest.mark.parametrize("name", IDX_FILES)
def test_the_bundled_files_are_the_published_ones(name: str) -> None:
    unpacked = gzip.decompress((BUNDLED / f"{name}.gz").read_bytes())
    assert hashlib.sha256(unpacked).hexdigest() == CATALOGUE["mnist"].sha256[name]
