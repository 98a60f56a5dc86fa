"""A comparison in words, as the command line prints it."""

from tendigits.evaluation.accuracy import Spread
from tendigits.evaluation.report.comparison import Comparison, Contender, Pair

CHANCE = 0.05


def describe_comparison(comparison: Comparison) -> str:
    """Return a comparison as a table, the seeds' spread, and what may be chance."""
    lines = _table([_row(each) for each in comparison.contenders])
    for name, seeds in comparison.seeds.items():
        lines += ["", _seeds_line(name, seeds)]
    lines += ["", "McNemar's test (exact), corrected for the number of pairs (Holm):"]
    return "\n".join([*lines, *(_pair_line(pair) for pair in comparison.pairs)])


def _row(contender: Contender) -> tuple[str, ...]:
    metrics, calibration = contender.accuracy.metrics, contender.calibration
    low, high = metrics.interval_95
    corrupted, auroc = contender.corrupted_error, contender.no_digit_auroc
    return (
        contender.name,
        f"{100 * metrics.accuracy:.2f}%",
        f"{100 * low:.2f} to {100 * high:.2f}%",
        f"{100 * contender.accuracy.corrected.relabelled:.2f}%",
        f"{calibration.negative_log_likelihood:.4f}",
        f"{calibration.calibration_error:.4f}",
        "-" if corrupted is None else f"{100 * corrupted:.1f}%",
        "-" if auroc is None else f"{auroc:.3f}",
    )


def _table(rows: list[tuple[str, ...]]) -> list[str]:
    heads = ("", "right", "95 % interval", "corrected", "NLL", "ECE", "corrupted", "no digit")
    widths = [max(len(row[at]) for row in (heads, *rows)) for at in range(len(heads))]
    lines = [
        "  ".join(
            [row[0].ljust(widths[0])]
            + [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        )
        for row in (heads, *rows)
    ]
    return [
        *lines,
        "corrected: right, ten labels of the test set as people see them; NLL: negative",
        "log-likelihood; ECE: calibration error; corrupted: wrong, mean of 15 corruptions; no",
        "digit: AUROC (both from reports).",
    ]


def _seeds_line(name: str, seeds: Spread) -> str:
    low, high = seeds.interval_95
    return (
        f"{name}, {seeds.runs} seeds: {100 * seeds.mean:.2f} ± {100 * seeds.deviation:.2f} % "
        f"({100 * seeds.lowest:.2f} to {100 * seeds.highest:.2f}); the mean's 95 % interval "
        f"(bootstrap): {100 * low:.2f} to {100 * high:.2f} %"
    )


def _pair_line(pair: Pair) -> str:
    first, second = pair.names
    alone = pair.test
    verdict = "more than chance" if pair.p_value < CHANCE else "may be chance"
    return (
        f"{first} and {second}: {alone.first_alone} images only the first gets wrong, "
        f"{alone.second_alone} only the second; p = {pair.p_value:.2g}: {verdict}"
    )
