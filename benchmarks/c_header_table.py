"""The tables of `c_header.py`: accuracy of C headers, and their size on a microcontroller."""

from collections.abc import Mapping, Sequence
from statistics import mean
from typing import Any


def c_header_table(result: Mapping[str, Any]) -> str:
    """Return the table of the accuracies, that of the sizes, and what measured them."""
    networks = [("pretrained `{name}`", each) for each in result["models"]]
    networks += [("`{name}`, seed {seed}", each) for each in result["runs"]]
    rows = [
        "| `python benchmarks/c_header.py`, test images | network | C header | points lost |",
        "|---|---|---|---|",
        *(accuracy_row(title.format(**each), each) for title, each in networks),
        accuracy_row(f"mean of the {len(result['runs'])} runs", mean_figures(result["runs"])),
        "",
        "| bytes | weights and constants | buffers | example, Cortex-M0+: flash, RAM "
        "| example, Cortex-M4: flash, RAM |",
        "|---|---|---|---|---|",
        *(size_row(each) for each in result["models"]),
    ]
    return "\n".join(rows) + f"\n\n{result['compiler']}, `-Os`.\n"


def accuracy_row(title: str, figures: Mapping[str, Any]) -> str:
    network, header = 100 * figures["network"], 100 * figures["header"]
    return f"| {title} | {network:.2f} % | {header:.2f} % | {network - header:.2f} |"


def mean_figures(runs: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    return {name: mean(each[name] for each in runs) for name in ("network", "header")}


def size_row(figures: Mapping[str, Any]) -> str:
    examples = [f"{each['flash']:,}, {each['ram']:,}" for each in figures["example"].values()]
    return (
        f"| `{figures['name']}` | {figures['weight_bytes']:,} | {figures['buffer_bytes']:,} "
        f"| {' | '.join(examples)} |"
    )
