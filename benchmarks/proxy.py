"""HAProxy with the configuration of deploy/, in front of two servers that run already."""

import csv
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

CONFIGURATION = Path(__file__).parent.parent / "deploy" / "haproxy.cfg"
SECONDS_TO_START = 20


@dataclass(frozen=True)
class Proxy:
    """A running HAProxy.

    Attributes:
        url: where it listens.
        process: its process id.
        admin: the socket for its commands.
    """

    url: str
    process: int
    admin: Path

    def command(self, words: str) -> str:
        """Return what HAProxy says to one of its commands, such as `show stat`."""
        with socket.socket(socket.AF_UNIX) as admin:
            admin.connect(str(self.admin))
            admin.sendall(f"{words}\n".encode())
            return b"".join(iter(lambda: admin.recv(65536), b"")).decode()

    def statistics(self, server: str) -> dict[str, str]:
        """Return what HAProxy says of a server, such as its `status` and open requests, `scur`."""
        table = csv.DictReader(self.command("show stat").removeprefix("# ").splitlines())
        return next(row for row in table if row["svname"] == server)


def haproxy() -> str | None:
    """Return the program, which Debian does not put on every user's PATH."""
    return shutil.which("haproxy") or shutil.which("haproxy", path="/usr/sbin")


@contextmanager
def proxy(one: str, two: str, folder: Path) -> Iterator[Proxy]:
    """Run HAProxy in front of the servers with these URLs until the block ends."""
    program = haproxy()
    assert program is not None
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    text = CONFIGURATION.read_text(encoding="utf-8")
    admin = folder / "admin.sock"
    for shipped, here in (
        ("/run/haproxy/admin.sock", str(admin)),
        ("bind :8080", f"bind 127.0.0.1:{port}"),
        ("127.0.0.1:8001", one.removeprefix("http://")),
        ("127.0.0.1:8002", two.removeprefix("http://")),
    ):
        assert text.count(shipped) == 1, shipped
        text = text.replace(shipped, here)
    file = folder / "haproxy.cfg"
    file.write_text(text, encoding="utf-8")
    with subprocess.Popen([program, "-db", "-f", str(file)]) as process:
        try:
            running = Proxy(f"http://127.0.0.1:{port}", process.pid, admin)
            _wait_for(running)
            yield running
        finally:
            process.terminate()


def _wait_for(running: Proxy) -> None:
    end = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < end:
        try:
            running.command("show info")
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("HAProxy has not started.")
