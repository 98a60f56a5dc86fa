"""The tables of `hostile.py` and `clients.py`."""

from collections.abc import Mapping
from typing import Any


def hostile_table(result: Mapping[str, Any]) -> str:
    """Return a row for each picture: its time and the peak of memory."""
    rows = [
        "| picture | file, MiB | seconds | memory, MiB |",
        "|---|---|---|---|",
        *(hostile_row(each) for each in result["rows"]),
    ]
    return "\n".join(rows) + (
        f"\n\n{result['environment']['cpu']}, one thread; the lower of two times. Load "
        f'average at the start: {result["load"]:.1f}. "Synthetic" is the slowest of '
        f"{result['searched']} synthetic pictures.\n"
    )


def hostile_row(row: Mapping[str, Any]) -> str:
    name = f"{row['name']} (rejected)" if row["rejected"] else row["name"]
    return (
        f"| {name} | {row['mebibytes_of_file']:.1f} | {row['seconds']:.2f} "
        f"| {row['mebibytes']:.0f} |"
    )


def clients_table(result: Mapping[str, Any]) -> str:
    """Return a row for each attack: another client's percentiles without and beside it."""
    rows = [
        "| attack of one client | p50 of another one, ms: without, beside | p99, ms "
        "| ratio of p99 in pairs, median |",
        "|---|---|---|---|",
        *(
            f"| {row['attack']} | {row['p50_ms'][0]:.0f}, {row['p50_ms'][1]:.0f} "
            f"| {row['p99_ms']:.0f}, {row['p99_ms_beside']:.0f} | {row['median_ratio']:.1f} |"
            for row in result["rows"]
        ),
    ]
    return "\n".join(rows) + (
        f"\n\n{result['environment']['cpu']}, two cores, which other processes kept busy "
        f"(load {result['load']:.1f}).\n"
    )
