"""The tables of `pictures.py` and `confidence.py`: how often pictures are read correctly."""

from collections.abc import Mapping, Sequence
from typing import Any


def pictures_table(result: Mapping[str, Any]) -> str:
    """Return the tables of the labelled pictures and the synthetic pages, and what was compared."""
    readers = list(result["software"])
    parts = [part("`make bench-pictures`, kind", result["pictures"], readers)]
    if result["synthetic_pages"]:
        parts.append(part("synthetic pages, kind", result["synthetic_pages"], readers))
    return "\n\n".join([*parts, caption(result)]) + "\n"


def confidence_table(result: Mapping[str, Any]) -> str:
    """Return the confidence of whole synthetic pages and how often their text is right, in bins."""
    rows = ["| confidence | pages | mean confidence | text right |", "|---|---|---|---|"]
    rows += [
        f"| {each['lowest']:g} to {each['highest']:g} | {each['pages']} | "
        f"{100 * each['confidence']:.1f} % | {100 * each['correct']:.1f} % |"
        for each in result["bins"]
    ]
    closing = (
        f"Calibration error (15 bins): {result['calibration_error']:.3f}, on the "
        f"{result['pages']} of {result['synthetic_pages']} synthetic pages on which something was "
        "read: `python benchmarks/confidence.py`."
    )
    return "\n".join([*rows, "", closing]) + "\n"


def part(title: str, rows: Sequence[Mapping[str, Any]], readers: Sequence[str]) -> str:
    """Return a table with one row per kind or group, and one column per reader."""
    lines = [f"| {title} | pictures | {' | '.join(readers)} |", "|---" * (len(readers) + 2) + "|"]
    lines += [
        f"| {row_title(row)} | {row['pictures']} | "
        + " | ".join(cell(row, reader) for reader in readers)
        + " |"
        for row in rows
    ]
    return "\n".join(lines)


def row_title(row: Mapping[str, Any]) -> str:
    return f"**{row['name']}**" if row["is_group"] else f"`{row['name']}`"


def cell(row: Mapping[str, Any], reader: str) -> str:
    result = row["results"][reader]
    figure = f"{100 * result['correct'] / row['pictures']:.1f} %"
    return f"{f'**{figure}**' if row['is_group'] else figure}, {duration(result['milliseconds'])}"


def duration(milliseconds: float) -> str:
    return f"{milliseconds:.0f} ms" if milliseconds < 1000 else f"{milliseconds / 1000:.1f} s"


def count(rows: Sequence[Mapping[str, Any]]) -> int:
    return sum(row["pictures"] for row in rows if not row["is_group"])


def caption(result: Mapping[str, Any]) -> str:
    """Return what was counted and timed, the versions, the modes and what is left out."""
    pages = count(result["synthetic_pages"])
    synthetic = f" and {pages} synthetic pages" if pages else ""
    software = "; ".join(dict.fromkeys(result["software"].values()))
    sentences = [
        f"{count(result['pictures'])} pictures{synthetic}: the fraction read correctly, and the "
        "median time per picture in one thread.",
        f"{software}; {result['environment']['cpu']}.",
        *modes(result),
        *result["left_out"],
    ]
    return " ".join(sentence if sentence[-1] == "." else f"{sentence}." for sentence in sentences)


def modes(result: Mapping[str, Any]) -> list[str]:
    """Return a sentence for each reader with several modes: the best one for each kind."""
    sentences = []
    for reader in result["software"]:
        kinds: dict[str, dict[str, None]] = {}  # names in order, each once
        for row in [*result["pictures"], *result["synthetic_pages"]]:
            mode = row["results"][reader]["mode"]
            if mode and not row["is_group"]:
                kinds.setdefault(mode, {})[f"`{row['name']}`"] = None
        if kinds:
            best = "; ".join(f"`{mode}` for {', '.join(kinds[mode])}" for mode in kinds)
            sentences.append(f"{reader}, in the best of its modes for each kind: {best}.")
    return sentences
