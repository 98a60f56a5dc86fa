"""How much one client's hostile requests delay the requests of another one.

A client reads a drawing of 280x280 pixels every 50 ms from `tendigits serve`. In every second
interval another client, with an address of its own, does one of these:

- 1,000 connections whose request headers never end, each opened again when the server closes it;
- two pictures of 38 megapixels per second, which exceed a time limit of 2 seconds;
- two pictures of 12 megapixels per second, with the default time limit.

Prints the 99th percentile of each interval and writes `benchmarks/results/clients.json`,
and updates the tables of the docs. Ends with an error if a response has a status that such requests
do not get: then something else was measured.
"""

import argparse
import io
import multiprocessing
import os
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict
from itertools import chain, cycle
from multiprocessing.synchronize import Event
from typing import Any

import numpy as np
import requests
from PIL import Image
from requests.adapters import HTTPAdapter

from serving import serving
from tables import RESULTS, update_pages
from tendigits import load_dataset
from tendigits.files import write_json
from tendigits.training import describe_environment

RESULT = RESULTS / "clients.json"
EVERY = 0.05  # seconds between two drawings
SLOW_CLIENTS = 1000
WARM_UP = 2.0  # seconds of reading before the first interval
HEAD_START = 6.0  # seconds until an attack has started and the server knows the client
NOT_READ = 30.0  # seconds
EXPECTED = (200, 429, 503)  # read, or rejected as there is too much to do
OTHER = "127.0.0.2"  # the address of the hostile client
Attack = Callable[[str, Event], None]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=10, help="of each interval")
    parser.add_argument("--pairs", type=int, default=5)
    arguments = parser.parse_args()
    rows = []
    for name, attack, options in ATTACKS:
        rows.append(measure(name, attack, options, arguments.seconds, arguments.pairs))
        print(rows[-1], flush=True)
    result = {"environment": asdict(describe_environment()), "load": os.getloadavg()[0]}
    write_json(RESULT, {**result, "rows": rows})
    update_pages()


def measure(
    name: str, attack: Attack, options: list[str], seconds: int, pairs: int
) -> dict[str, object]:
    """Return the 99th percentiles, in milliseconds, without and with an attack."""
    times: dict[bool, list[list[float]]] = {False: [], True: []}
    with tempfile.TemporaryDirectory() as folder:
        words = [sys.executable, "-m", "tendigits", "serve", *options]
        words += ["--database", f"sqlite:///{folder}/corrections.sqlite", "--port"]
        with serving(words) as (server, _):
            url = f"{server}/v1/read"
            read_for(url, WARM_UP)
            for _ in range(pairs):
                times[False].append(read_for(url, seconds))
                with attacking(attack, url):
                    time.sleep(HEAD_START)
                    times[True].append(read_for(url, seconds))
                time.sleep(1)
    without, beside = ([p99(each) for each in times[key]] for key in (False, True))
    return {
        "attack": name,
        "p50_ms": [round(float(np.median([*chain(*times[key])])), 1) for key in (False, True)],
        "p99_ms": round(p99([*chain(*times[False])]), 1),
        "p99_ms_beside": round(p99([*chain(*times[True])]), 1),
        "median_ratio": round(float(np.median(np.divide(beside, without))), 2),
        "pairs": [[round(a, 1), round(b, 1)] for a, b in zip(without, beside, strict=True)],
        "requests": [sum(map(len, times[key])) for key in (False, True)],
    }


def p99(milliseconds: list[float]) -> float:
    return float(np.percentile(milliseconds, 99))


def read_for(url: str, seconds: float) -> list[float]:
    """Read drawings for some seconds; return the milliseconds of each.

    Raises:
        RuntimeError: a response has a status that is not expected.
    """
    large = Image.fromarray(255 - load_dataset("mnist").test.images[0]).resize((280, 280))
    body = png(np.asarray(large))
    times = []
    end = time.monotonic() + seconds
    with requests.Session() as session:
        while (started := time.monotonic()) < end:
            response = session.post(url, data=body, timeout=60)
            check(response)
            # A drawing that is not read counts as one that takes as long as a client waits.
            seconds = time.monotonic() - started if response.ok else NOT_READ
            times.append(1000 * seconds)
            time.sleep(max(0.0, EVERY - (time.monotonic() - started)))
    return times


def check(response: requests.Response) -> None:
    if response.status_code not in EXPECTED:
        raise RuntimeError(f"{response.url} has sent {response.status_code}: {response.text[:200]}")


@contextmanager
def attacking(attack: Attack, url: str) -> Iterator[None]:
    spawn = multiprocessing.get_context("spawn")  # in a thread, it would delay the measured client
    stopped = spawn.Event()
    process = spawn.Process(target=attack, args=(url, stopped))
    process.start()
    try:
        yield
    finally:
        stopped.set()
        process.join()
    if process.exitcode:
        sys.exit("The attack has ended with an error.")


def never_end_headers(url: str, stopped: Event) -> None:
    host, _, port = url.removeprefix("http://").partition("/")[0].partition(":")

    def connect() -> socket.socket:
        client = socket.create_connection((host, int(port)), source_address=(OTHER, 0))
        client.sendall(b"POST /v1/read HTTP/1.1\r\nHost: localhost\r\nA: ")
        return client

    clients = [connect() for _ in range(SLOW_CLIENTS)]
    for number in cycle(range(SLOW_CLIENTS)):  # each sends a byte in a second
        if number % 20 == 0 and stopped.wait(20 / SLOW_CLIENTS):
            break
        try:
            clients[number].sendall(b"a")
        except OSError:
            clients[number].close()
            clients[number] = connect()
    for client in clients:
        client.close()


def send_12_megapixels(url: str, stopped: Event) -> None:
    send_twice_per_second(url, slow_picture(3000, 4000), stopped)


def send_38_megapixels(url: str, stopped: Event) -> None:
    send_twice_per_second(url, slow_picture(6160, 6160), stopped)


def send_twice_per_second(url: str, body: bytes, stopped: Event) -> None:
    """Send pictures whether or not the earlier ones have got a response.

    Raises:
        RuntimeError: a response has a status that is not expected.
    """
    errors = []

    def send() -> None:
        with closing(requests.Session()) as session:
            session.mount("http://", FromOther())
            try:
                check(session.post(url, data=body, timeout=60))
            except requests.RequestException:
                return
            except RuntimeError as error:
                errors.append(error)

    threads = []
    while not stopped.wait(0.5):
        threads.append(threading.Thread(target=send))
        threads[-1].start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


class FromOther(HTTPAdapter):
    def init_poolmanager(self, *words: Any, **options: Any) -> None:
        super().init_poolmanager(*words, source_address=(OTHER, 0), **options)


def slow_picture(height: int, width: int) -> bytes:
    """Return a picture in colours and with alpha, full of digits."""
    digits = load_dataset("mnist").train.images
    across = -(-width // 28)
    rows = [np.hstack(list(digits[at : at + across])) for at in range(0, height // 28 * 28, 28)]
    page = 255 - np.vstack(rows)[:, :width]
    return png(np.dstack([page, page, page, 255 - page // 9]))


def png(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", compress_level=1)
    return file.getvalue()


ATTACKS: list[tuple[str, Attack, list[str]]] = [
    ("1,000 connections whose headers do not end", never_end_headers, []),
    ("two pictures of 38 megapixels per second", send_38_megapixels, ["--time-limit", "2"]),
    ("two pictures of 12 megapixels per second", send_12_megapixels, []),
]

if __name__ == "__main__":
    main()
