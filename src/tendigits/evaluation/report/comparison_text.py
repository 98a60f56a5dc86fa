"""A comparison in words, as the command line prints it."""

from tendigits.evaluation.accuracy import Spread
from tendigits.evaluation.report.comparison import Comparison, Contender, Pair

CHANCE = 0.05
HEADS = ("", "right", "95 % interval", "corrected", "NLL", "ECE", "corrupted", "non-digit")
LEGEND = """\
corrected: right, ten labels of the test set as people see them; NLL: negative log-likelihood;
ECE: calibration error; corrupted: wrong, mean of 15 corruptions; no digit: AUROC (the last two
stand in reports alone)."""
PAIR_HEADS = ("first / second", "wrong: only the first", "only the second", "p", "difference")
PAIR_LEGEND = "p: McNemar's exact test, corrected for the number of pairs (Holm)."


def describe_comparison(comparison: Comparison) -> str:
    """Return a comparison as a table, the seeds' spread, and what may be chance."""
    lines = [*_table([HEADS, *(_row(each) for each in comparison.contenders)]), LEGEND]
    for name, seeds in comparison.seeds.items():
        lines += ["", _seeds_line(name, seeds)]
    if comparison.pairs:
        lines += ["", *_table([PAIR_HEADS, *(_pair_row(pair) for pair in comparison.pairs)])]
        lines += [PAIR_LEGEND]
    return "\n".join(lines)


def _row(contender: Contender) -> tuple[str, ...]:
    metrics, calibration = contender.accuracy.metrics, contender.calibration
    low, high = metrics.interval_95
    corrupted, auroc = contender.corrupted_error, contender.ood_auroc
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
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.rjust(width) if at else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]


def _seeds_line(name: str, seeds: Spread) -> str:
    low, high = seeds.interval_95
    return (
        f"{name}, {seeds.runs} seeds: {100 * seeds.mean:.2f} ± {100 * seeds.deviation:.2f} % "
        f"({100 * seeds.lowest:.2f} to {100 * seeds.highest:.2f}); mean's "
        f"95 % interval (bootstrap) {100 * low:.2f} to {100 * high:.2f} %"
    )


def _pair_row(pair: Pair) -> tuple[str, ...]:
    first, second = pair.names
    return (
        f"{first} / {second}",
        str(pair.test.first_alone),
        str(pair.test.second_alone),
        f"{pair.p_value:.2g}",
        "more than chance" if pair.p_value < CHANCE else "may be chance",
    )
