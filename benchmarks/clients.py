"""How much one client's hostile requests delay the requests of another one.

A client reads a drawing of 280x280 pixels every 50 ms from `tendigits serve`. In every second
interval another client, with an address of its own, does one of these:

- 1,000 connections whose request headers never end, each opened again when the server closes it;
- two pictures per second that exceed the time limit (1 second, `--time-limit 1`);
- two pictures per second that take as long as any found, with the default time limit.

Prints the 99th percentile of each interval and writes `benchmarks/results/clients.json`.
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

import numpy as np
import requests
from PIL import Image
from requests.adapters import HTTPAdapter

from serving import serving
from tables import RESULTS
from tendigits import load_dataset
from tendigits.files import write_json
from tendigits.training import describe_environment

RESULT = RESULTS / "clients.json"
EVERY = 0.05  # seconds between two drawings
SLOW_CLIENTS = 1000
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
    load = os.getloadavg()[0]
    write_json(RESULT, {"environment": asdict(describe_environment()), "load": load, "rows": rows})


def measure(
    name: str, attack: Attack, options: list[str], seconds: int, pairs: int
) -> dict[str, object]:
    """Return the 99th percentiles, in milliseconds, without and with an attack."""
    times: dict[bool, list[list[float]]] = {False: [], True: []}
    with tempfile.TemporaryDirectory() as folder:
        words = [sys.executable, "-m", "tendigits", "serve", *options]
        words += ["--database", f"sqlite:///{folder}/corrections.sqlite", "--port"]
        with serving(words) as (url, _):
            read_for(url, 2)  # warm
            for _ in range(pairs):
                times[False].append(read_for(url, seconds))
                with attacking(attack, url):
                    time.sleep(6)  # until it has started and the server knows the client
                    times[True].append(read_for(url, seconds))
                time.sleep(1)
    without, beside = ([p99(each) for each in times[key]] for key in (False, True))
    return {
        "attack": name,
        "p99_ms": round(p99([*chain(*times[False])]), 1),
        "p99_ms_beside": round(p99([*chain(*times[True])]), 1),
        "median_ratio": round(float(np.median(np.divide(beside, without))), 2),
        "pairs": [[round(a, 1), round(b, 1)] for a, b in zip(without, beside, strict=True)],
        "requests": [sum(map(len, times[key])) for key in (False, True)],
    }


def p99(milliseconds: list[float]) -> float:
    return float(np.percentile(milliseconds, 99))


def read_for(url: str, seconds: float) -> list[float]:
    """Read drawings for some seconds; return the milliseconds of each."""
    large = Image.fromarray(255 - load_dataset("mnist").test.images[0]).resize((280, 280))
    body = png(np.asarray(large))
    times = []
    end = time.monotonic() + seconds
    with requests.Session() as session:
        while (started := time.monotonic()) < end:
            session.post(url, data=body, timeout=60).raise_for_status()
            times.append(1000 * (time.monotonic() - started))
            time.sleep(max(0.0, EVERY - (time.monotonic() - started)))
    return times


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


def send_slow_pictures(url: str, stopped: Event) -> None:
    """Send two pictures per second whether or not the earlier ones are answered."""
    body = slow_picture()

    def send() -> None:
        with closing(requests.Session()) as session:
            session.mount("http://", FromOther())
            try:
                session.post(url, data=body, timeout=60)
            except requests.RequestException:
                return

    threads = []
    while not stopped.wait(0.5):
        threads.append(threading.Thread(target=send))
        threads[-1].start()
    for thread in threads:
        thread.join()


class FromOther(HTTPAdapter):
    def init_poolmanager(self, *words: object, **options: object) -> None:
        super().init_poolmanager(*words, source_address=(OTHER, 0), **options)


def slow_picture() -> bytes:
    """Return 12 megapixels with alpha, full of digits."""
    digits = load_dataset("mnist").train.images
    rows = [np.hstack(list(digits[143 * row : 143 * row + 143])) for row in range(107)]
    page = 255 - np.vstack(rows)
    page = np.pad(page, ((0, 3000 - len(page)), (0, 4004 - page.shape[1])), constant_values=255)
    return png(np.dstack([page, page, page, 255 - page // 9]))


def png(pixels: np.ndarray) -> bytes:  # type: ignore[type-arg]
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", compress_level=1)
    return file.getvalue()


ATTACKS: list[tuple[str, Attack, list[str]]] = [
    ("1,000 connections whose headers do not end", never_end_headers, []),
    ("two pictures per second over the time limit", send_slow_pictures, ["--time-limit", "1"]),
    ("two pictures of 12 megapixels per second", send_slow_pictures, []),
]

if __name__ == "__main__":
    main()
