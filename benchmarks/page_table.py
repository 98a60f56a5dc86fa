"""The table of exported pages, from `benchmarks/results/pages.json`."""

import json
from pathlib import Path
from typing import Any

RESULT = Path(__file__).parent / "results" / "pages.json"


def page_table() -> str:
    """Return one row per page."""
    rows = [
        "| `make check-pages` | bytes | same digit | largest difference of a probability "
        "| one digit, all layers: median | row of four digits, found and read: median |",
        "|---|---|---|---|---|---|",
    ]
    result = json.loads(RESULT.read_text(encoding="utf-8"))
    rows += [row(each) for each in result["pages"]]
    pictures = result["pictures"]
    return (
        "\n".join(rows) + f"\n\nOn {result['images']:,} test images, in {result['browser']}. "
        f"The page of `reader` reads {pictures['equal']} of {pictures['count']} pictures as Python "
        f"does ({pictures['name']}).\n"
    )


def row(page: dict[str, Any]) -> str:
    return (
        f"| `{page['name']}` | {page['bytes']:,} | {100 * page['agreement']:.2f} % "
        f"| {page['difference']:.4f} | {page['classify_ms']:.1f} ms | {page['read_ms']:.0f} ms |"
    )
