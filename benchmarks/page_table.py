"""The table of `pages.py`: exported pages compared with Python, and their speed."""

from collections.abc import Mapping
from typing import Any


def page_table(result: Mapping[str, Any]) -> str:
    """Return the table of the pages, and how many pictures are read as in Python."""
    rows = [
        f"| {result['images']:,} test images, {result['browser']} | bytes | equal predictions "
        "| largest difference of a probability | one image | reading a drawing | one stroke |",
        "|---|---|---|---|---|---|---|",
        *(_row(each) for each in result["pages"]),
    ]
    pictures, environment = result["pictures"], result["environment"]
    closing = (
        f"The text of {pictures['equal']} of {pictures['count']} {pictures['name']} is equal. "
        "Times are medians (95th percentiles), while rows of digits are drawn; that of a stroke is "
        f"from lifting the pen until its result is shown. {environment['cpu']}, "
        f"{environment['cores']} cores, load average {result['load']:.1f} without this program."
    )
    return "\n".join([*rows, "", closing]) + "\n"


def _row(figures: Mapping[str, Any]) -> str:
    times = [
        f"{figures[f'{name}_median_ms']:.0f} ms ({figures[f'{name}_p95_ms']:.0f})"
        for name in ("reading", "stroke")
    ]
    return (
        f"| `{figures['name']}` | {figures['bytes']:,} | {100 * figures['agreement']:.2f} % "
        f"| {figures['difference']:.4f} | {figures['classify_ms']:.1f} ms | {' | '.join(times)} |"
    )
