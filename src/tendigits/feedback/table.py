"""The table of the corrections, and the engine of its database."""

from pathlib import Path
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Engine,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    create_engine,
    event,
    make_url,
)
from sqlalchemy.exc import ArgumentError, IntegrityError, NoSuchModuleError, ProgrammingError

from tendigits.errors import ServerError

LONGEST_KEY = 200
SECONDS_TO_CONNECT = 3
SECONDS_FOR_A_STATEMENT = 5

metadata = MetaData()
corrections = Table(
    "corrections",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("key", String(LONGEST_KEY), nullable=False, unique=True),
    Column("frame", LargeBinary, nullable=False),  # 28 rows of 28 grey levels
    Column("read", SmallInteger, CheckConstraint('"read" BETWEEN 0 AND 10'), nullable=False),
    Column("correct", SmallInteger, CheckConstraint("correct BETWEEN 0 AND 10"), nullable=False),
    Column("model", String, nullable=False),
    Column("created", DateTime(timezone=True), nullable=False),
    sqlite_autoincrement=True,  # the number of one that was deleted is not given again
)


def open_database(url: str) -> Engine:
    """Return the engine of the database at `url`; it connects when it is used.

    Raises:
        ServerError: it is no URL of SQLite or PostgreSQL.
    """
    wrong = ServerError(
        "The database is no sqlite:///FILE or postgresql+psycopg://USER@HOST/NAME; give such a URL."
    )
    try:
        parsed = make_url(url)
        backend = parsed.get_backend_name()
        if backend == "sqlite" and parsed.database not in (None, "", ":memory:"):
            return _open_sqlite(url)
        if parsed.drivername == "postgresql+psycopg":
            return _open_postgresql(url)
    except (ArgumentError, NoSuchModuleError):
        raise wrong from None
    raise wrong


def make_folder(engine: Engine) -> None:
    """Make the folder of an SQLite file where it is not there yet.

    Raises:
        OSError: it cannot be made.
    """
    if engine.url.database and engine.url.get_backend_name() == "sqlite":
        Path(engine.url.database).parent.mkdir(parents=True, exist_ok=True)


def make_table(engine: Engine) -> None:
    """Make the table where it is not there yet."""
    make_folder(engine)
    try:
        metadata.create_all(engine)
    except (IntegrityError, ProgrammingError):
        metadata.create_all(engine)  # another server made it at the same moment


def _open_sqlite(url: str) -> Engine:
    engine = create_engine(url, connect_args={"timeout": SECONDS_FOR_A_STATEMENT})

    @event.listens_for(engine, "connect")
    def _make_durable(connection: Any, _: object) -> None:
        # With a write-ahead log readers and a writer don't wait for each other; FULL flushes it
        # to the disk at each commit.
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")

    return engine


def _open_postgresql(url: str) -> Engine:
    return create_engine(
        url,
        pool_pre_ping=True,  # so that a server that was away is found again
        pool_timeout=SECONDS_FOR_A_STATEMENT,
        connect_args={
            "connect_timeout": SECONDS_TO_CONNECT,
            "options": f"-c statement_timeout={1000 * SECONDS_FOR_A_STATEMENT}",
        },
    )
