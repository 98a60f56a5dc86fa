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


def test_the_catalogue_has_three_data_sets() -> None:
    assert list(CATALOGUE) == ["mnist", "fashion-mnist", "kmnist"]


@entries
def test_entries_are_keyed_by_name(entry: CatalogueEntry) -> None:
    assert CATALOGUE[entry.name] is entry


@entries
def test_an_entry_has_ten_different_class_names(entry: CatalogueEntry) -> None:
    assert len(set(entry.class_names)) == len(entry.class_names) == 10


@entries
def test_an_entry_has_checksums_of_its_four_files(entry: CatalogueEntry) -> None:
    assert tuple(name.removesuffix(".gz") for name in entry.sha256) == IDX_FILES
    assert all(len(bytes.fromhex(sha256)) == 32 for sha256 in entry.sha256.values())
    assert len(set(entry.sha256.values())) == 4


@entries
def test_an_entry_has_title_description_source_and_licence(entry: CatalogueEntry) -> None:
    assert urlsplit(entry.homepage).netloc
    assert entry.title
    assert entry.citation.endswith(".")
    assert entry.description.endswith(".")
    assert entry.licence


@entries
def test_mirrors_are_urls_of_folders(entry: CatalogueEntry) -> None:
    assert all(
        urlsplit(mirror).scheme in {"http", "https"} and mirror.endswith("/")
        for mirror in entry.mirrors
    )


def test_only_the_bundled_data_set_has_no_mirror() -> None:
    assert [entry.name for entry in CATALOGUE.values() if not entry.mirrors] == ["mnist"]


@pytest.mark.parametrize("name", IDX_FILES)
def test_bundled_files_have_the_published_checksums(name: str) -> None:
    uncompressed = gzip.decompress((BUNDLED / f"{name}.gz").read_bytes())
    assert hashlib.sha256(uncompressed).hexdigest() == CATALOGUE["mnist"].sha256[name]
