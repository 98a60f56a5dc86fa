"""A comparison of classifiers as tables: of text, and of figures for a CSV file."""

from collections.abc import Sequence

from tendigits.evaluation.compare import (
    SIGNIFICANCE_LEVEL,
    ComparedModel,
    Comparison,
    Pair,
    Spread,
)


def describe_comparison(comparison: Comparison) -> str:
    """Return a comparison as tables of text."""
    heads = ("", "accuracy", "95 % interval", "corrected", "NLL", "ECE", "corrupted", "OOD")
    lines = [*_table([heads, *(_row(each) for each in comparison.models)])]
    lines += [
        "corrected: accuracy with ten labels of the test set corrected; NLL: negative",
        "log-likelihood; ECE: expected calibration error; corrupted: mean error under 15",
        "corruptions; OOD: mean AUROC of detecting non-digits (the last two from reports only).",
    ]
    for name, seeds in comparison.seeds.items():
        lines += ["", _describe_seeds(name, seeds)]
    if comparison.pairs:
        pair_heads = ("", "errors of the first only", "of the second only", "p", "difference")
        lines += ["", *_table([pair_heads, *(_pair_row(pair) for pair in comparison.pairs)])]
        lines += ["p: McNemar's exact test, corrected for the number of pairs (Holm)."]
    return "\n".join(lines)


def figures_by_model(comparison: Comparison) -> list[dict[str, object]]:
    """Return the main figures of each classifier by name; None where there is no report."""
    return [_figures(each) for each in comparison.models]


def _figures(model: ComparedModel) -> dict[str, object]:
    low, high = model.metrics.interval_95
    return {
        "name": model.name,
        "accuracy": model.metrics.accuracy,
        "accuracy_low": low,
        "accuracy_high": high,
        "corrected_accuracy": model.corrected.relabelled,
        "negative_log_likelihood": model.calibration.negative_log_likelihood,
        "calibration_error": model.calibration.calibration_error,
        "corrupted_error": model.corrupted_error,
        "ood_auroc": model.ood_auroc,
    }


def _row(model: ComparedModel) -> tuple[str, ...]:
    low, high = model.metrics.interval_95
    corrupted, auroc = model.corrupted_error, model.ood_auroc
    return (
        model.name,
        f"{100 * model.metrics.accuracy:.2f}%",
        f"{100 * low:.2f} to {100 * high:.2f}%",
        f"{100 * model.corrected.relabelled:.2f}%",
        f"{model.calibration.negative_log_likelihood:.4f}",
        f"{model.calibration.calibration_error:.4f}",
        "-" if corrupted is None else f"{100 * corrupted:.1f}%",
        "-" if auroc is None else f"{auroc:.3f}",
    )


def _pair_row(pair: Pair) -> tuple[str, ...]:
    return (
        " / ".join(pair.names),
        str(pair.test.first_only),
        str(pair.test.second_only),
        f"{pair.p_value:.2g}",
        "significant" if pair.p_value < SIGNIFICANCE_LEVEL else "not significant",
    )


def _describe_seeds(name: str, seeds: Spread) -> str:
    low, high = seeds.interval_95
    return (
        f"{name}, {seeds.runs} seeds: {100 * seeds.mean:.2f} ± {100 * seeds.deviation:.2f} % "
        f"({100 * seeds.lowest:.2f} to {100 * seeds.highest:.2f}); 95 % bootstrap interval of the "
        f"mean {100 * low:.2f} to {100 * high:.2f} %"
    )


def _table(rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.rjust(width) if at else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
