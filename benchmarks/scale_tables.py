"""The tables of docs/scale.md, from `benchmarks/results/scale.json`."""

import json
import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any

Turns = list[dict[str, float]]
BILLION = 1_000_000_000
HOURS = 3600


def scale_tables(path: Path) -> dict[str, Callable[[], str]]:
    """Return what fills each table of the docs from a result file, if there is one."""

    def from_result(table: Callable[[dict[str, Any]], str]) -> Callable[[], str]:
        def filled() -> str:
            if not path.exists():
                return "Not measured yet: `make bench-scale`.\n"
            return table(json.loads(path.read_text(encoding="utf-8")))

        return filled

    return {
        "scale-training": from_result(training_table),
        "scale-reading": from_result(reading_table),
        "scale-billion": from_result(billion_table),
    }


def training_table(result: dict[str, Any]) -> str:
    """Return one row per recipe: images per second of each setup, and their ratios by turn."""
    rows = [
        "| recipe | 1 process, 1 thread | 1 process, 2 threads | 2 processes, 1 thread each "
        "| 2 processes : 2 threads | 2 processes : 1 thread | making batches |",
        "|---|---|---|---|---|---|---|",
    ]
    for recipe, turns in result["training"].items():
        rates = " | ".join(f"{median(turns, setup):,.0f}" for setup in ("1x1", "1x2", "2x1"))
        rows.append(
            f"| `{recipe}` | {rates} | {ratio(turns, '2x1', '1x2')} | {ratio(turns, '2x1', '1x1')} "
            f"| {100 * median(turns, 'data_fraction'):.0f} % of a step |"
        )
    turns = len(next(iter(result["training"].values())))
    return "\n".join(rows) + (
        f"\n\nImages per second, medians of {turns} turns of one epoch of {result['images']:,} "
        f"images; ratios: median (range). {machine(result)}, {load(result['training']['best'])}.\n"
    )


def reading_table(result: dict[str, Any]) -> str:
    """Return the rates of reading with processes and with Ray."""
    turns = result["reading"]
    return (
        "| `read --jobs 2` | `read --ray local` | Ray : jobs | Ray's start and one picture |\n"
        "|---|---|---|---|\n"
        f"| {median(turns, 'jobs'):,.1f} pictures/s | {median(turns, 'ray'):,.1f} pictures/s "
        f"| {ratio(turns, 'ray', 'jobs')} | {median(turns, 'ray_start_seconds'):.0f} s |\n\n"
        f"{result['pictures']:,} pictures of three digits, starts included; medians of "
        f"{len(turns)} turns. {machine(result)}, {load(turns)}.\n"
    )


def billion_table(result: dict[str, Any]) -> str:
    """Return what a billion pictures would take, computed from the measured rate."""
    turns = result["reading"]
    # The start is paid once.
    seconds = [result["pictures"] / turn["ray"] - turn["ray_start_seconds"] for turn in turns]
    per_core = statistics.median(result["pictures"] / each / 2 for each in seconds if each > 0)
    rows = ["| cores | days | machine hours (of 16 cores) |", "|---|---|---|"]
    for cores in (16, 256, 4096):
        hours = BILLION / per_core / cores / HOURS
        rows.append(f"| {cores:,} | {hours / 24:,.1f} | {hours * cores / 16:,.0f} |")
    return "\n".join(rows) + (
        f"\n\nComputed from {per_core:,.1f} pictures/s per core, the rate above without the start "
        "of Ray; neither the object store nor the network nor the one process that writes the "
        "results is in it.\n"
    )


def median(turns: Turns, name: str) -> float:
    return statistics.median(turn[name] for turn in turns)


def ratio(turns: Turns, first: str, second: str) -> str:
    """Return the median of first : second within each turn, and the range."""
    ratios = [turn[first] / turn[second] for turn in turns]
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"


def load(turns: Turns) -> str:
    """Return how busy the machine was with all programs before each turn."""
    loads = [turn["load"] for turn in turns]
    return f"with a load average of {min(loads):.1f} to {max(loads):.1f}"


def machine(result: dict[str, Any]) -> str:
    environment = result["environment"]
    return f"{environment['cpu']}, {environment['cores']} cores"
