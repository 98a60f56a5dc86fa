"""The notebook (Keras) and `tendigits train mlp`, timed alternately on one machine.

Both train the same network for 7 epochs on the same files. Prints a line per run, the medians,
their ratios, and the time of one step by part. Writes `benchmarks/results/notebook.json`.
"""

import argparse
import json
import statistics
import sys
import tempfile
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from processes import measure_process
from step_costs import print_step_costs
from tendigits.files import write_json
from tendigits.training import describe_environment

RESULT = Path(__file__).parent / "results" / "notebook.json"


@dataclass(frozen=True)
class Timing:
    """One training, from the first step to the last validation, and its whole process."""

    training_seconds: float
    process_seconds: float
    peak_mib: float
    test_accuracy: float


@dataclass(frozen=True)
class Pair:
    """Both trainings, one right after the other."""

    notebook: Timing
    tendigits: Timing


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=5)
    pairs = []
    print("                   training s   whole process s   peak MiB   test accuracy")
    for number in range(1, parser.parse_args().pairs + 1):
        pair = Pair(time_notebook(), time_tendigits(seed=number))
        print_timing(f"pair {number} notebook", pair.notebook)
        print_timing(f"pair {number} tendigits", pair.tendigits)
        pairs.append(pair)
    notebook = median_of([pair.notebook for pair in pairs])
    tendigits = median_of([pair.tendigits for pair in pairs])
    print_timing("median notebook", notebook)
    print_timing("median tendigits", tendigits)
    ratios = {
        "training": statistics.median(
            pair.notebook.training_seconds / pair.tendigits.training_seconds for pair in pairs
        ),
        "process": statistics.median(
            pair.notebook.process_seconds / pair.tendigits.process_seconds for pair in pairs
        ),
    }
    print(
        f"tendigits is {ratios['training']:.1f} times as fast in training, "
        f"{ratios['process']:.1f} times as a whole process (medians of the pairs' ratios)\n"
    )
    costs = print_step_costs()
    RESULT.parent.mkdir(exist_ok=True)
    write_json(
        RESULT,
        {
            "environment": asdict(describe_environment()),
            "pairs": [asdict(pair) for pair in pairs],
            "ratios": ratios,
            "step_milliseconds": costs,
        },
    )


def time_notebook() -> Timing:
    measured = measure_process([sys.executable, str(Path(__file__).with_name("notebook_keras.py"))])
    figures = json.loads(measured.output.splitlines()[-1])
    return Timing(
        figures["training_seconds"],
        measured.seconds,
        measured.peak_mib,
        figures["test_accuracy"],
    )


def time_tendigits(seed: int) -> Timing:
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        measured = measure_process(
            [
                sys.executable,
                "-m",
                "tendigits",
                "train",
                "mlp",
                "--seed",
                str(seed),
                "--out",
                str(run),
            ]
        )
        lines = (run / "log.jsonl").read_text(encoding="utf-8").splitlines()
        metrics = json.loads((run / "metrics.json").read_text(encoding="utf-8"))
    times = {
        event["event"]: datetime.fromisoformat(event["time"]) for event in map(json.loads, lines)
    }
    seconds = (times["trained"] - times["training"]).total_seconds()
    return Timing(seconds, measured.seconds, measured.peak_mib, metrics["accuracy"])


def median_of(timings: list[Timing]) -> Timing:
    columns = zip(*(asdict(timing).values() for timing in timings), strict=True)
    return Timing(*(statistics.median(column) for column in columns))


def print_timing(title: str, timing: Timing) -> None:
    print(
        f"{title:<18} {timing.training_seconds:>10.1f} {timing.process_seconds:>17.1f} "
        f"{timing.peak_mib:>10.0f} {100 * timing.test_accuracy:>13.2f} %",
        flush=True,
    )


if __name__ == "__main__":
    main()
