"""Training with torchrun and reading with Ray, beside one command that uses as many cores.

Training: one epoch with 1 process and 1 thread, 1 process and 2 threads, and 2 processes of
torchrun with 1 thread each. Reading: `read --jobs 2` and `read --ray local`, starts included. The
commands are run in turn, and their ratios are those of one turn, as other programs on the machine
change the figures themselves. Writes `benchmarks/results/scale.json` and updates the tables of the
docs.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np
from PIL import Image

from tables import RESULTS, update_pages
from tendigits.data import LabelledImages, load_dataset
from tendigits.files import write_json
from tendigits.training import describe_environment, read_history

# Processes (0: without torchrun) and threads of each.
SETUPS = {"1x1": (0, 1), "1x2": (0, 2), "2x1": (2, 1)}
DIGITS = 3  # in a picture


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=20_000, help="to train on")
    parser.add_argument("--pictures", type=int, default=20_000, help="to read")
    parser.add_argument("--turns", type=int, default=3)
    words = parser.parse_args()
    result: dict[str, object] = {"environment": asdict(describe_environment())}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        train = load_dataset("mnist").train
        np.savez(
            folder / "data.npz",
            x_train=train.images[: words.images],
            y_train=train.labels[: words.images],
            x_test=train.images[:100],
            y_test=train.labels[:100],
        )
        result["images"] = words.images
        result["training"] = {
            recipe: [train_in_turn(recipe, folder, turn) for turn in range(words.turns)]
            for recipe in ("fast", "best")
        }
        write_pictures(train, folder / "pictures", words.pictures)
        result["pictures"] = words.pictures
        result["reading"] = [read_in_turn(folder, words.pictures) for _ in range(words.turns)]
    RESULTS.mkdir(exist_ok=True)
    write_json(RESULTS / "scale.json", result)
    update_pages()


def train_in_turn(recipe: str, folder: Path, turn: int) -> dict[str, float]:
    """Return images per second with each setup, and the fraction of a step that makes batches."""
    figures = {"load": os.getloadavg()[0]}
    for name, (processes, threads) in SETUPS.items():
        run = folder / f"{recipe}-{name}-{turn}"
        torchrun = ["torch.distributed.run", "--nproc-per-node", str(processes), "-m"]
        start = [sys.executable, "-m", *(torchrun if processes else []), "tendigits"]
        options = ["--data", str(folder / "data.npz"), "--out", str(run), "--epochs", "1"]
        subprocess.run(
            [*start, "train", recipe, *options, "--threads", str(threads)],
            check=True,
            capture_output=True,
        )
        (epoch,) = read_history(run / "history.csv")
        figures[name] = epoch.images_per_second
        if name == "1x1":
            made = epoch.data_milliseconds_per_step / epoch.milliseconds_per_step
            figures["data_fraction"] = made
    print(recipe, {name: round(value, 2) for name, value in figures.items()}, flush=True)
    return figures


def read_in_turn(folder: Path, pictures: int) -> dict[str, float]:
    """Return pictures per second with processes and with Ray, and the seconds that Ray starts."""
    source, out = folder / "pictures", folder / "results.parquet"
    one = folder / "one"
    one.mkdir(exist_ok=True)
    (one / "0.png").write_bytes((source / "000000.png").read_bytes())
    figures = {
        "load": os.getloadavg()[0],
        "jobs": pictures / seconds("read", str(source), "--jobs", "2", "--json"),
        "ray": pictures / seconds("read", str(source), "--ray", "local", "-o", str(out)),
        "ray_start_seconds": seconds("read", str(one), "--ray", "local", "-o", str(out)),
    }
    print({name: round(value, 1) for name, value in figures.items()}, flush=True)
    return figures


def seconds(*words: str) -> float:
    started = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "tendigits", *words], check=True, stdout=subprocess.DEVNULL
    )
    return time.perf_counter() - started


def write_pictures(digits: LabelledImages, folder: Path, count: int) -> None:
    """Write pictures with a row of digits, dark on light."""
    folder.mkdir()
    for number in range(count):
        first = DIGITS * number % (len(digits) - DIGITS)
        row = np.hstack(list(digits.images[first : first + DIGITS]))
        Image.fromarray(np.pad(255 - row, 8, constant_values=255)).save(
            folder / f"{number:06d}.png"
        )


if __name__ == "__main__":
    main()
