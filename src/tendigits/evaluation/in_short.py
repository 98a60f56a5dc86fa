"""What the figures of a report mean for a user, in three sentences."""

from tendigits.evaluation.report import Report

BROKEN = 0.3  # a corruption with this error, on average over its strengths, breaks a classifier


def in_short(report: Report) -> tuple[str, str, str]:
    """Return three sentences: on clean digits, on corrupted ones, and on confidence."""
    return _on_digits(report), _on_corruptions(report), _on_confidence(report)


def _on_digits(report: Report) -> str:
    metrics = report.accuracy.metrics
    errors = sum(metrics.errors_per_class)
    return (
        f"Of 100 digits that are framed as in MNIST, it reads {100 * metrics.accuracy:.1f} "
        f"correctly ({errors:,} errors in {metrics.images:,} test images)."
    )


def _on_corruptions(report: Report) -> str:
    measured = report.corruptions.classifiers[0]
    means = {name: sum(errors) / len(errors) for name, errors in measured.errors.items()}
    worst, second = sorted(means, key=lambda name: -means[name])[:2]
    mean = f"the mean of all {len(means)} corruptions is {100 * measured.mean:.0f} %"
    if means[second] >= BROKEN:
        effect, wrong = f"{worst} and {second} break it", _wrong(means[worst], means[second])
    elif means[worst] >= BROKEN:
        effect, wrong = f"{worst} breaks it", _wrong(means[worst])
    else:
        effect = f"{worst} and {second} disturb it most"
        wrong = _wrong(means[worst], means[second])
    return f"{effect[0].upper()}{effect[1:]}: {wrong} wrong; {mean}."


def _wrong(*errors: float) -> str:
    return " and ".join(f"{100 * error:.0f} %" for error in errors) + " of the digits are"


def _on_confidence(report: Report) -> str:
    ood = report.ood
    off = f"{100 * report.calibration.final.calibration_error:.1f} percentage points"
    start = f"Its confidence differs from its accuracy by {off} on average"
    if ood.threshold == 0:
        return f"{start}; it has no threshold, so it accepts images that show no digit."
    accepted = 1 - sum(each.rejected for each in ood.sets) / len(ood.sets)
    return (
        f"{start}; its threshold rejects {100 * ood.digits_rejected:.1f} % of the digits and "
        f"accepts {100 * accepted:.0f} % of the images that show no digit."
    )
