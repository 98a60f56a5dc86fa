import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from postgresql import PostgreSQL
from tendigits.data import NON_DIGIT
from tendigits.errors import ServerError
from tendigits.feedback.store import CorrectionStore, KeyTaken, NewCorrection, StoreUnavailable

FRAME = np.arange(784, dtype=np.uint8).reshape(28, 28)
NEW = NewCorrection("a", FRAME, 7, NON_DIGIT, "reader 0123")


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[CorrectionStore]:
    url = f"sqlite:///{tmp_path / 'deep' / 'corrections.sqlite'}"
    if request.param == "postgresql":
        cluster: PostgreSQL = request.getfixturevalue("postgres")
        url = cluster.url
    opened = CorrectionStore(url)
    for each in opened.all():
        opened.delete(each.id)
    yield opened
    opened.close()


def test_a_stored_correction_is_returned_unchanged(store: CorrectionStore) -> None:
    stored, is_new = store.add(NEW)
    assert is_new
    (back,) = store.all()
    assert (back.id, back.created, back.model) == (stored.id, stored.created, "reader 0123")
    assert back.is_same_as(NEW)
    assert back.created.tzinfo is not None


def test_a_key_is_stored_once_whatever_the_model(store: CorrectionStore) -> None:
    first, _ = store.add(NEW)
    again, is_new = store.add(replace(NEW, model="other"))
    assert (again.id, again.model, is_new) == (first.id, "reader 0123", False)
    for other in (replace(NEW, correct=1), replace(NEW, frame=255 - FRAME), replace(NEW, read=3)):
        with pytest.raises(KeyTaken):
            store.add(other)
    assert len(store.all()) == 1


def test_the_id_of_a_deleted_correction_is_not_used_again(store: CorrectionStore) -> None:
    first, _ = store.add(NEW)
    assert store.delete(first.id)
    assert not store.delete(first.id)
    again, is_new = store.add(NEW)
    assert is_new
    assert again.id > first.id


def test_pages_list_the_newest_correction_first(store: CorrectionStore) -> None:
    ids = [store.add(replace(NEW, key=str(number)))[0].id for number in range(5)]
    page, total = store.page(None, 2)
    assert ([each.id for each in page], total) == (ids[:2:-1], 5)
    page, _ = store.page(page[-1].id, 10)
    assert [each.id for each in page] == ids[2::-1]


def test_sqlite_flushes_to_the_disk_at_each_commit(tmp_path: Path) -> None:
    store = CorrectionStore(f"sqlite:///{tmp_path / 'x.sqlite'}")
    with store._transaction() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2  # FULL
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
    store.close()


@pytest.mark.parametrize("content", [b"not a database" * 100, None])
def test_a_file_that_is_not_a_database_is_unavailable(
    tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "x.sqlite"
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content)
    with pytest.raises(StoreUnavailable):
        CorrectionStore(f"sqlite:///{path}").all()


def test_a_database_locked_by_another_program_is_unavailable(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite"
    store = CorrectionStore(f"sqlite:///{path}")
    store.add(NEW)
    other = sqlite3.connect(path)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StoreUnavailable):
        store.add(replace(NEW, key="b"))
    other.close()
    assert store.add(replace(NEW, key="b"))[1]
    store.close()


def test_display_url_does_not_show_the_password() -> None:
    store = CorrectionStore("postgresql+psycopg://me:secret@127.0.0.1:1/x")
    assert store.display_url == "postgresql+psycopg://me:***@127.0.0.1:1/x"


@pytest.mark.parametrize(
    "url",
    [
        "nonsense",
        "mysql://localhost/x",
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite+aiosqlite:///x.db",
        "postgresql+psycopg://me@localhost:port/x",
    ],
)
def test_an_invalid_url_is_rejected(url: str) -> None:
    with pytest.raises(ServerError, match="Invalid database URL; give sqlite:///FILE or"):
        CorrectionStore(url)
