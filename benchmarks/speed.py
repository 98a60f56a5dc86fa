"""Time to 99.0, 99.3 and 99.5 % validation accuracy: `fast` and two well-known examples.

All are trained on the same 54,000 images and the same cores, one after the other, `fast` before,
between and after the others. Only training steps are timed; accuracies are those at the end of
an epoch, on the same 6,000 images (for seeds 1 and 2 of `fast`, on another split). Takes about half
an hour; after an interruption it continues with the next training. Writes
`benchmarks/results/speed.json` and updates the tables of the docs.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tables import RESULTS, update_pages
from tendigits.files import write_json
from tendigits.training import describe_environment, read_history

RESULT = RESULTS / "speed.json"
HERE = Path(__file__).parent
TURNS = ("fast 0", "keras", "fast 1", "pytorch", "fast 2")

Epochs = list[dict[str, float]]


def main() -> None:
    result = begin_result()
    for turn in TURNS:
        if turn not in result["turns"]:
            print(f"{turn} ...", flush=True)
            result["turns"][turn] = list(train(turn))
            write_json(RESULT, result)
        last = result["turns"][turn][-1]
        print(
            f"{turn}: {last['seconds']:.1f} s, validation {100 * last['val_accuracy']:.2f} %",
            flush=True,
        )
    update_pages()


def begin_result() -> dict[str, Any]:
    if RESULT.exists():
        result: dict[str, Any] = json.loads(RESULT.read_text(encoding="utf-8"))
        if len(result["turns"]) < len(TURNS):
            return result
    return {"environment": asdict(describe_environment(precision="auto")), "turns": {}}


def train(turn: str) -> Iterator[dict[str, float]]:
    """Yield the seconds so far and the validation accuracy after each epoch."""
    kind, _, seed = turn.partition(" ")
    if kind == "fast":
        yield from train_fast(int(seed))
        return
    words = [sys.executable, str(HERE / f"example_{kind}.py")]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            print(f"    {line.strip()}", flush=True)
            yield json.loads(line)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, words)


def train_fast(seed: int) -> Epochs:
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        words = ["train", "fast", "--seed", str(seed), "--out", str(run)]
        subprocess.run([sys.executable, "-m", "tendigits", *words], check=True)
        history = read_history(run / "history.csv")
    seconds = 0.0
    epochs = []
    for epoch in history:
        seconds += epoch.seconds
        assert epoch.val_accuracy is not None
        epochs.append({"seconds": seconds, "val_accuracy": epoch.val_accuracy})
    return epochs


if __name__ == "__main__":
    main()
