"""Requests per second of `tendigits serve`, of two behind HAProxy, and of a plain endpoint.

All have as many processes. wrk (Debian: apt-get install wrk haproxy) sends 280x280 drawings, made
from MNIST's test digits, over 1, 16, 64 and 256 connections to `tendigits serve`, to two of them
with half of the processes each behind HAProxy, and to `plain_endpoint.py` in turn, on this machine.
Prints one line per measurement, writes `benchmarks/results/serve.json` and updates the tables
of the docs.
"""

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import requests
from PIL import Image

from proxy import haproxy, proxy
from tables import RESULTS, update_pages
from tendigits import load_dataset
from tendigits.files import write_json
from tendigits.training import describe_environment

HERE = Path(__file__).parent
RESULT = RESULTS / "serve.json"
CONNECTIONS = (1, 16, 64, 256)
SIDE = 280
DRAWINGS = 100
TIMEOUT = 60  # seconds that wrk waits for a response


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=20, help="per measurement")
    parser.add_argument("--workers", type=int, default=os.cpu_count(), help="of both servers")
    arguments = parser.parse_args()
    seconds, workers = arguments.seconds, arguments.workers
    if shutil.which("wrk") is None or haproxy() is None:
        sys.exit("wrk or HAProxy is not installed (Debian: apt-get install wrk haproxy).")
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        draw(Path(folder))
        with (
            serving(tendigits_words(folder, workers)) as ours,
            two_behind_proxy(Path(folder), max(1, workers // 2)) as two,
            serving(plain_words(workers)) as plain,
        ):
            rows = [
                measure(name, server, connections, seconds, folder)
                for connections in CONNECTIONS
                for name, server in (("tendigits", ours), ("proxy", two), ("plain", plain))
            ]
    environment = asdict(describe_environment())
    result = {
        "environment": environment,
        "seconds": seconds,
        "workers": workers,
        "load": load,
        "rows": rows,
    }
    write_json(RESULT, result)
    update_pages()


def draw(folder: Path) -> None:
    """Write the drawings as PNGs: dark digits on white."""
    for number, image in enumerate(load_dataset("mnist").test.images[:DRAWINGS]):
        large = Image.fromarray(255 - image).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
        large.save(folder / f"{number:02d}.png")


def tendigits_words(folder: str, workers: int) -> list[str]:
    database = f"sqlite:///{folder}/corrections.sqlite"
    options = ["--database", database, "--workers", str(workers), "--port"]
    return [sys.executable, "-m", "tendigits", "serve", *options]


def plain_words(workers: int) -> list[str]:
    uvicorn = [sys.executable, "-m", "uvicorn", "--app-dir", str(HERE), "plain_endpoint:app"]
    return [*uvicorn, "--no-access-log", "--workers", str(workers), "--port"]


Server = tuple[str, list[int]]  # its URL and its process ids


@contextmanager
def serving(words: list[str]) -> Iterator[Server]:
    """Run a server until the block ends; a free port is appended to `words`."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    quiet = subprocess.DEVNULL
    with subprocess.Popen([*words, str(port)], stdout=quiet, stderr=quiet) as process:
        url = f"http://127.0.0.1:{port}"
        try:
            wait_for(f"{url}/openapi.json", process)
            yield url, [process.pid]
        finally:
            process.terminate()


@contextmanager
def two_behind_proxy(folder: Path, workers: int) -> Iterator[Server]:
    """Run two servers, each with so many workers, behind HAProxy until the block ends."""
    words = tendigits_words(str(folder), workers)
    with (
        serving(words) as (one, first),
        serving(words) as (two, second),
        proxy(one, two, folder) as front,
    ):
        yield front.url, [*first, *second, front.process]


def wait_for(url: str, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(300):
        if process.poll() is not None:
            sys.exit(f"{process.args!r} has exited.")
        try:
            requests.get(url, timeout=30)
        except requests.ConnectionError:
            time.sleep(0.1)
        else:
            return
    sys.exit(f"There is no response from {url}.")


def measure(
    name: str, server: Server, connections: int, seconds: int, folder: str
) -> dict[str, float | str | int]:
    """Return wrk's figures for a server, and the server's memory after the load."""
    url, processes = server
    load = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", f"--timeout={TIMEOUT}s"]
    script = ["--script", str(HERE / "serving.lua"), f"{url}/v1/read", "--", folder]
    printed = subprocess.run([*load, *script], capture_output=True, text=True, check=True).stdout
    row = {"server": name, "connections": connections, **json.loads(printed.splitlines()[-1])}
    row["memory_mib"] = sum(map(memory_mib, processes))
    print(
        f"{name}, {connections} connections: {row['requests_per_second']:.0f} requests/s, "
        f"p50 {row['p50_ms']:.0f} ms, p99 {row['p99_ms']:.0f} ms, {row['errors']} errors, "
        f"{row['memory_mib']:.0f} MiB",
        flush=True,
    )
    return row


def memory_mib(process: int) -> float:
    """Return the memory of a process and its children; shared memory is counted once (PSS)."""
    rollup = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="utf-8")
    own = int(rollup.partition("\nPss:")[2].split()[0]) / 1024
    threads = Path(f"/proc/{process}/task").glob("*/children")
    children = [int(child) for each in threads for child in each.read_text().split()]
    return own + sum(memory_mib(child) for child in children)


if __name__ == "__main__":
    main()
