"""The store of corrections in SQLite or PostgreSQL: an acknowledged correction is on the disk."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Connection,
    DateTime,
    Engine,
    Integer,
    LargeBinary,
    MetaData,
    Row,
    SmallInteger,
    String,
    Table,
    create_engine,
    delete,
    event,
    func,
    insert,
    make_url,
    select,
)
from sqlalchemy.exc import (
    ArgumentError,
    IntegrityError,
    ProgrammingError,
    SQLAlchemyError,
)

from tendigits.data import IMAGE_SIZE
from tendigits.errors import ServerError

MAX_KEY_LENGTH = 200
SECONDS_TO_CONNECT = 3
SECONDS_FOR_A_STATEMENT = 5
# The stored corrections are counted again after so many were added, as other servers add some, too.
COUNT_EVERY = 100

_metadata = MetaData()
_table = Table(
    "corrections",
    _metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("key", String(MAX_KEY_LENGTH), nullable=False, unique=True),
    Column("frame", LargeBinary, nullable=False),  # 28 rows of 28 grey levels
    Column("read", SmallInteger, CheckConstraint('"read" BETWEEN 0 AND 10'), nullable=False),
    Column("correct", SmallInteger, CheckConstraint("correct BETWEEN 0 AND 10"), nullable=False),
    Column("model", String, nullable=False),
    Column("created", DateTime(timezone=True), nullable=False),
    sqlite_autoincrement=True,  # the id of a deleted row is not used again
)


@dataclass(frozen=True, eq=False)
class NewCorrection:
    """A correction that is not stored yet.

    Attributes:
        key: chosen by the client; a correction is stored once per key.
        frame: (28, 28) uint8, the image that the network was given.
        read: the label that was read, 0 to 9 or 10 (NON_DIGIT).
        correct: the correct label, 0 to 9 or 10 (NON_DIGIT).
        model: the name of the model that the server uses.
    """

    key: str
    frame: NDArray[np.uint8]
    read: int
    correct: int
    model: str


@dataclass(frozen=True, eq=False)
class Correction(NewCorrection):
    """A correction that is stored.

    Attributes:
        id: a number; later corrections have larger ones.
        created: when it was stored, in UTC.
    """

    id: int
    created: datetime

    def is_same_as(self, other: NewCorrection) -> bool:
        """Return whether `other` has the same content; the model may differ."""
        return (self.key, self.read, self.correct, self.frame.tobytes()) == (
            other.key,
            other.read,
            other.correct,
            other.frame.tobytes(),
        )


class KeyTaken(Exception):  # noqa: N818 - not an error of the store
    """Another correction was stored under this key."""


class StoreFull(Exception):  # noqa: N818 - a state
    """As many corrections are stored as are allowed."""


class StoreUnavailable(Exception):  # noqa: N818 - a state
    """The database cannot be reached, is full or is locked; this may be temporary."""


class CorrectionStore:
    """The corrections in a database; safe to share among threads.

    Every method raises `StoreUnavailable` if the database cannot be used at the moment.
    """

    def __init__(self, url: str, limit: int | None = None) -> None:
        """Use the database at `url`; its table is created on first use.

        Args:
            url: of SQLite or PostgreSQL.
            limit: the largest number of corrections; servers that share a database, and requests
                at the same time, can exceed it by about a hundred.

        Raises:
            ServerError: `url` is not a URL of SQLite or PostgreSQL.
        """
        self._engine = _create_engine(url)
        self._has_table = False
        self._limit = limit
        self._room = 0  # how many can be added before they are counted again

    @property
    def display_url(self) -> str:
        """The database's URL, without the password."""
        return self._engine.url.render_as_string(hide_password=True)

    @property
    def is_missing(self) -> bool:
        """Whether it is an SQLite file that does not exist; first use would create it."""
        file = self._sqlite_file
        return file is not None and not file.exists()

    def make_folder(self) -> None:
        """Create the folder of an SQLite file, so that a wrong path is found before first use.

        Raises:
            OSError: the folder cannot be created.
        """
        if self._sqlite_file is not None:
            self._sqlite_file.parent.mkdir(parents=True, exist_ok=True)

    def add(self, new: NewCorrection) -> tuple[Correction, bool]:
        """Return `new` as it is stored, and whether this call stored it (or an earlier one did).

        Raises:
            KeyTaken: another correction was stored under the same key.
            StoreFull: the limit is reached, and it is not stored.
        """
        if self._is_full():
            return self._stored_before(new, StoreFull()), False
        values = {
            "key": new.key,
            "frame": new.frame.tobytes(),
            "read": new.read,
            "correct": new.correct,
            "model": new.model,
            "created": datetime.now(UTC),
        }
        try:
            with self._transaction() as connection:
                row = connection.execute(insert(_table).values(values).returning(_table)).one()
            self._room -= 1
            return _correction(row), True
        except IntegrityError:
            return self._stored_before(new, KeyTaken(new.key)), False

    def page(self, before: int | None, limit: int) -> tuple[list[Correction], int]:
        """Return up to `limit` corrections, the newest first, and the number of all.

        Args:
            before: return only corrections with a smaller id.
            limit: the largest number to return.
        """
        chosen = select(_table).order_by(_table.c.id.desc()).limit(limit)
        if before is not None:
            chosen = chosen.where(_table.c.id < before)
        with self._transaction() as connection:
            total = connection.execute(select(func.count()).select_from(_table)).scalar_one()
            return [_correction(row) for row in connection.execute(chosen)], total

    def delete(self, id_: int) -> bool:
        """Delete a correction; return whether it existed."""
        with self._transaction() as connection:
            return bool(connection.execute(delete(_table).where(_table.c.id == id_)).rowcount)

    def all(self) -> list[Correction]:
        """Return all corrections, the oldest first."""
        with self._transaction() as connection:
            rows = connection.execute(select(_table).order_by(_table.c.id))
            return [_correction(row) for row in rows]

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    @property
    def _sqlite_file(self) -> Path | None:
        url = self._engine.url
        return Path(str(url.database)) if url.get_backend_name() == "sqlite" else None

    def _is_full(self) -> bool:
        if self._limit is None or self._room > 0:
            return False
        with self._transaction() as connection:
            total = connection.execute(select(func.count()).select_from(_table)).scalar_one()
        self._room = min(self._limit - total, COUNT_EVERY)
        return self._room <= 0

    def _stored_before(self, new: NewCorrection, otherwise: Exception) -> Correction:
        """Return the correction with this key; raise KeyTaken, or `otherwise` if there is none."""
        with self._transaction() as connection:
            row = connection.execute(select(_table).where(_table.c.key == new.key)).one_or_none()
        if row is None:
            raise otherwise
        if not _correction(row).is_same_as(new):
            raise KeyTaken(new.key)
        return _correction(row)

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        """Yield a connection; its work is on the disk when the block ends without an error."""
        try:
            if not self._has_table:
                self._create_table()
                self._has_table = True
            with self._engine.begin() as connection:
                yield connection
        except IntegrityError:
            raise
        except (SQLAlchemyError, OSError) as error:
            raise StoreUnavailable(str(error)) from error

    def _create_table(self) -> None:
        self.make_folder()
        try:
            _metadata.create_all(self._engine)
        except (IntegrityError, ProgrammingError):
            _metadata.create_all(self._engine)  # another server created it at the same moment


def _create_engine(url: str) -> Engine:
    invalid = ServerError(
        "Invalid database URL; give sqlite:///FILE or postgresql+psycopg://USER@HOST/NAME."
    )
    try:
        parsed = make_url(url)
        is_file = parsed.database not in (None, "", ":memory:")
        if parsed.drivername in ("sqlite", "sqlite+pysqlite") and is_file:
            return _sqlite_engine(url)
        if parsed.drivername == "postgresql+psycopg":
            return _postgresql_engine(url)
    except (ArgumentError, ValueError):  # a ValueError: the port is not a number
        raise invalid from None
    raise invalid


def _sqlite_engine(url: str) -> Engine:
    engine = create_engine(url, connect_args={"timeout": SECONDS_FOR_A_STATEMENT})

    @event.listens_for(engine, "connect")
    def _make_durable(connection: Any, _: object) -> None:
        # With a write-ahead log, reads and writes do not block each other; FULL flushes the log
        # to the disk at each commit.
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")

    return engine


def _postgresql_engine(url: str) -> Engine:
    return create_engine(
        url,
        pool_pre_ping=True,  # so that connections are renewed after a restart of PostgreSQL
        pool_timeout=SECONDS_FOR_A_STATEMENT,
        connect_args={
            "connect_timeout": SECONDS_TO_CONNECT,
            "options": f"-c statement_timeout={1000 * SECONDS_FOR_A_STATEMENT}",
        },
    )


def _correction(row: Row[Any]) -> Correction:
    return Correction(
        key=row.key,
        frame=np.frombuffer(row.frame, np.uint8).reshape(IMAGE_SIZE, IMAGE_SIZE),
        read=row.read,
        correct=row.correct,
        model=row.model,
        id=row.id,
        created=row.created if row.created.tzinfo else row.created.replace(tzinfo=UTC),
    )
