"""Keeping corrections: what was acknowledged is on the disk."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import Connection, Row, delete, func, insert, select
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from tendigits.feedback.correction import Correction, NewCorrection
from tendigits.feedback.table import corrections, make_folder, make_table, open_database


class KeyTaken(Exception):  # noqa: N818 - it is no fault of the store
    """The key is that of another correction."""


class StoreUnavailable(Exception):  # noqa: N818 - a state
    """The database is away, full or locked; it may come back."""


class CorrectionStore:
    """The corrections in a database; safe to share among threads.

    Every method raises `StoreUnavailable` where the database cannot be used now.
    """

    def __init__(self, url: str) -> None:
        """Use the database at `url`; its table is made when it is first used.

        Raises:
            ServerError: it is no URL of SQLite or PostgreSQL.
        """
        self._engine = open_database(url)
        self._has_table = False

    @property
    def place(self) -> str:
        """The database's URL, without the password."""
        return self._engine.url.render_as_string(hide_password=True)

    def make_folder(self) -> None:
        """Make the folder of an SQLite file, so that a wrong path is known before it is used.

        Raises:
            OSError: it cannot be made.
        """
        make_folder(self._engine)

    @property
    def is_missing(self) -> bool:
        """Whether it is an SQLite file that is not there; the first use would make it."""
        url = self._engine.url
        return url.get_backend_name() == "sqlite" and not Path(str(url.database)).exists()

    def add(self, new: NewCorrection) -> tuple[Correction, bool]:
        """Return `new` as it is stored, and whether it was stored just now: a key is stored once.

        Raises:
            KeyTaken: its key is that of another correction.
        """
        try:
            with self._transaction() as connection:
                values = {
                    "key": new.key,
                    "frame": new.frame.tobytes(),
                    "read": new.read,
                    "correct": new.correct,
                    "model": new.model,
                    "created": datetime.now(UTC),
                }
                row = connection.execute(
                    insert(corrections).values(values).returning(corrections)
                ).one()
            return _correction(row), True
        except IntegrityError:
            return self._stored_before(new), False

    def page(self, before: int | None, limit: int) -> tuple[list[Correction], int]:
        """Return up to `limit` corrections, the newest first, and how many there are in all.

        Args:
            before: only those with a smaller number.
            limit: how many at most.
        """
        chosen = select(corrections).order_by(corrections.c.id.desc()).limit(limit)
        if before is not None:
            chosen = chosen.where(corrections.c.id < before)
        with self._transaction() as connection:
            total = connection.execute(select(func.count()).select_from(corrections)).scalar_one()
            return [_correction(row) for row in connection.execute(chosen)], total

    def delete(self, id_: int) -> bool:
        """Delete a correction; return whether there was one."""
        with self._transaction() as connection:
            return bool(
                connection.execute(delete(corrections).where(corrections.c.id == id_)).rowcount
            )

    def everything(self) -> list[Correction]:
        """Return all corrections, the oldest first."""
        with self._transaction() as connection:
            rows = connection.execute(select(corrections).order_by(corrections.c.id))
            return [_correction(row) for row in rows]

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def _stored_before(self, new: NewCorrection) -> Correction:
        with self._transaction() as connection:
            row = connection.execute(
                select(corrections).where(corrections.c.key == new.key)
            ).one_or_none()
        if row is None or not _correction(row).says(new):
            raise KeyTaken(new.key)
        return _correction(row)

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        """Yield a connection whose work is on the disk when the block has ended well."""
        try:
            if not self._has_table:
                make_table(self._engine)
                self._has_table = True
            with self._engine.begin() as connection:
                yield connection
        except IntegrityError:
            raise
        except (SQLAlchemyError, OSError) as error:
            raise StoreUnavailable(str(error)) from error


def _correction(row: Row[Any]) -> Correction:
    frame = np.frombuffer(row.frame, np.uint8).reshape(28, 28)
    created = row.created if row.created.tzinfo else row.created.replace(tzinfo=UTC)
    return Correction(
        key=row.key,
        frame=frame,
        read=row.read,
        correct=row.correct,
        model=row.model,
        id=row.id,
        created=created,
    )
