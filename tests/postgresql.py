"""A real PostgreSQL for the tests, in a temporary folder."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from conftest import missing

USER = "postgres"


@dataclass(frozen=True)
class PostgreSQL:
    """A cluster.

    Attributes:
        folder: its data.
        port: where it listens on the loopback address.
    """

    folder: Path
    port: int

    @property
    def url(self) -> str:
        """Its URL for SQLAlchemy."""
        return f"postgresql+psycopg://{USER}@127.0.0.1:{self.port}/{USER}"

    def start(self) -> None:
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=''"
        _run("pg_ctl", "start", "-D", self.folder, "-w", "-l", self.folder / "log", "-o", options)

    def crash(self) -> None:
        """Stop without a checkpoint, as a power failure does."""
        _run("pg_ctl", "stop", "-D", self.folder, "-w", "-m", "immediate")


@contextmanager
def postgresql() -> Iterator[PostgreSQL]:
    """Run a cluster until the block ends; without PostgreSQL, skip the test, or fail it in CI."""
    if _programs() is None:
        missing("PostgreSQL", "postgresql")
    folder = Path(tempfile.mkdtemp(prefix="tendigits-postgresql-"))
    if os.geteuid() == 0:  # PostgreSQL does not run as root; its package adds a user
        shutil.chown(folder, USER)
    cluster = PostgreSQL(folder / "data", _free_port())
    try:
        _run("initdb", "-D", cluster.folder, "-U", USER, "--auth", "trust", "--no-sync")
        cluster.start()
        try:
            yield cluster
        finally:
            cluster.crash()
    finally:
        shutil.rmtree(folder)


def _programs() -> Path | None:
    """Return the folder of the newest PostgreSQL's programs; Debian does not put it on the PATH."""
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).parent
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


def _run(program: str, *words: str | Path) -> None:
    folder = _programs()
    assert folder is not None
    subprocess.run(
        [str(folder / program), *map(str, words)],
        check=True,
        stdout=subprocess.DEVNULL,
        user=USER if os.geteuid() == 0 else None,
        cwd="/",
        timeout=60,
    )


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port
