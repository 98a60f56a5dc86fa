"""The time and the peak of memory of reading the worst pictures, each twice, on one core.

The pictures are the largest files of every format that are accepted (`tests/worst_pictures.py`),
files of many parts, and the slowest of some hundred pictures that a search makes
(`tests/hostile_pictures.py`), with the most pixels at which pictures are read and with 12
megapixels. The lower of the two times counts, as other processes can only add to it. Writes
`benchmarks/results/hostile.json` and updates the tables of the docs.

PYTHONPATH=tests:tests/fuzz python benchmarks/hostile.py
"""

import argparse
import os
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np
from guarded import Guarded, Outcome

from hostile_pictures import KINDS, Hostile, changed, random_hostile
from server_process import png
from tendigits import load_dataset
from tendigits.files import write_json
from worst_pictures import LARGEST, PARTS

TIMES = 2
WALL_SECONDS = 120.0
START = Hostile("digits", size=30, gap=0.02, stroke=0.1, grey=0, seed=0)
MEGAPIXELS_12 = (3000, 4000)


def main() -> None:
    # The process whose memory is measured imports this module, too, and not these.
    from tables import RESULTS, update_pages
    from tendigits.training import describe_environment

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=120, help="of the search")
    arguments = parser.parse_args()
    load = os.getloadavg()[0]
    process = Guarded("read", Path(".cache/fuzz"))
    rows = [measure(process, name, make()) for name, make in {**LARGEST, **PARTS}.items()]
    slowest, count = search(process, arguments.seconds)
    rows.append(measure(process, "synthetic", file_of(slowest)))
    rows.append(measure(process, "12 megapixels full of digits, with alpha", large_file()))
    process.stop()
    environment = asdict(describe_environment())
    result = {"environment": environment, "load": load, "searched": count, "rows": rows}
    write_json(RESULTS / "hostile.json", {**result, "slowest": asdict(slowest)})
    update_pages()


def measure(process: Guarded, name: str, content: bytes) -> dict[str, object]:
    outcomes = [read(process, content) for _ in range(TIMES)]
    row = {
        "name": name,
        "mebibytes_of_file": len(content) / 2**20,
        "seconds": min(each.seconds for each in outcomes),
        "mebibytes": max(each.mebibytes for each in outcomes),
        "rejected": bool(outcomes[0].rejected),
    }
    print(row, flush=True)
    return row


def read(process: Guarded, content: bytes) -> Outcome:
    outcome = process.handle(content, WALL_SECONDS)
    assert not outcome.error, outcome
    return outcome


def search(process: Guarded, seconds: float) -> tuple[Hostile, int]:
    """Return the slowest picture that was found, and how many were tried."""
    random = np.random.default_rng(0)
    slowest, longest, count = START, 0.0, 0
    first = [START, *(Hostile(kind, 30, 0.1, 0.1, 0, 0) for kind in sorted(KINDS))]
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if count < len(first):
            candidate = first[count]
        else:
            candidate = changed(slowest, random) if count % 2 else random_hostile(random)
        took = read(process, file_of(candidate)).seconds
        count += 1
        if took > longest:
            slowest, longest = candidate, took
    return slowest, count


def file_of(hostile: Hostile) -> bytes:
    return png(hostile.picture(load_dataset("mnist").train.images[:40]))


def large_file() -> bytes:
    hostile = Hostile("digits", size=60, gap=0.02, stroke=0.1, grey=0, seed=0, shape=MEGAPIXELS_12)
    page = hostile.picture(load_dataset("mnist").train.images[:40])
    return png(np.dstack([page, page, page, 255 - page // 9]))


if __name__ == "__main__":
    main()
