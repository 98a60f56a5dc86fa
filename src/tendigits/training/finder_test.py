"""The final measurement of a finder, on validation pages and as it is exported."""

import tempfile
from dataclasses import asdict
from itertools import chain
from pathlib import Path

from tendigits.data import LabelledImages
from tendigits.data.pages import GlyphSet
from tendigits.evaluation.finder_plots import plot_found
from tendigits.evaluation.finder_report import FinderMetrics, find_on, measure_finder
from tendigits.evaluation.plots import save
from tendigits.files import write_json, write_text
from tendigits.images.finder import Finder
from tendigits.networks.finder import FinderNetwork
from tendigits.networks.finder_onnx import finder_to_onnx
from tendigits.training.final_test import plot_history
from tendigits.training.finder_card import finder_card
from tendigits.training.finder_pages import validation_pages
from tendigits.training.history import RunLog, read_history
from tendigits.training.run_folder import Run


def run_finder_test(
    run: Run, network: FinderNetwork, glyphs: GlyphSet, held_out: LabelledImages
) -> FinderMetrics:
    """Measure a trained finder and write the results to the run folder.

    Args:
        run: its run.
        network: the trained network.
        glyphs: the glyphs of the validation pages.
        held_out: the digits that they were made of.
    """
    pages = chain.from_iterable(validation_pages(glyphs, run.recipe))
    outcomes = find_on(pages, finder_of(network, run.environment.threads))
    metrics, history = measure_finder(outcomes), read_history(run.history_file)
    run.plots.mkdir(exist_ok=True)
    save(plot_history(history, "sum of the losses"), run.plots / "curves.png")
    save(plot_found(outcomes), run.plots / "found.png")
    write_text(run.model_card, finder_card(run, history, metrics, held_out))
    RunLog(run.log).write("test", **asdict(metrics.all))
    write_json(run.metrics_file, asdict(metrics))  # last: a run with this file is complete
    return metrics


def finder_of(network: FinderNetwork, threads: int | None = None) -> Finder:
    """Return a network as the finder that reads pictures."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "finder.onnx"
        file.write_bytes(finder_to_onnx(network).SerializeToString())
        return Finder(file, threads)
