"""A report as a folder: all of it, or none."""

import tempfile
from dataclasses import asdict
from pathlib import Path

from tendigits.data import load_dataset
from tendigits.data.load import no_progress
from tendigits.errors import ReportError
from tendigits.evaluation.report.contents import Report
from tendigits.evaluation.report.draw_report import draw_report
from tendigits.evaluation.report.measure import Step, measure_fully
from tendigits.evaluation.report.render import model_card, page
from tendigits.files import write_json, write_text
from tendigits.loading import load_classifier


def evaluate_fully(source: str | Path, out: str | Path, step: Step = no_progress) -> Report:
    """Measure a classifier in every way that is known here, and write its report.

    Args:
        source: a run folder, a model file, a shipped model's name, or an ONNX file of someone
            else's that takes 28x28 images and gives ten scores.
        out: the folder to make, with report.html, report.json, MODEL_CARD.md and PNGs.
        step: is told how far it is.

    Raises:
        ReportError: `out` exists already, or cannot be made.
        ModelError, RunError: the classifier cannot be used.
    """
    out = Path(out).absolute()
    if out.exists():
        raise ReportError(f"{out} exists already; choose another --output.")
    classifier, dataset = load_classifier(source), load_dataset("mnist")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}.") as made:
            folder = Path(made) / out.name
            folder.mkdir()
            measured = measure_fully(classifier, dataset, step)
            draw_report(measured, dataset.test, folder)
            write_json(folder / "report.json", asdict(measured.report))
            write_text(folder / "report.html", page(measured.report, folder))
            write_text(folder / "MODEL_CARD.md", model_card(measured.report))
            folder.rename(out)
    except OSError as error:
        raise ReportError(
            f"{out} cannot be made: {error.strerror}; choose another --output."
        ) from error
    return measured.report
