"""MNIST's test images as PNG files, read as `tendigits read` does.

Three runs of the recipe `reader` with different seeds (trained by `accuracy.py reader`) are
exported, and each reads all 10,000 pictures: decodes them, finds the ink, makes the frames,
classifies and rejects. A rejected digit counts as an error in the accuracy; the calibration error,
and the accuracy and coverage at a confidence of 99 %, are those of the predicted digits, rejected
or not. Writes `benchmarks/results/read-mnist.json` and updates the tables of the docs.
"""

import io
import tempfile
from dataclasses import asdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

import accuracy
from tables import RESULTS, update_pages
from tendigits import Reader, Run, export_model, load_dataset, load_recipe
from tendigits.data import LabelledImages
from tendigits.evaluation.calibration import calibration_error
from tendigits.files import write_json
from tendigits.reading import Reading
from tendigits.scale.sweep import Sweep, train_sweep

SEEDS = 3
HIGH_CONFIDENCE = 0.99


def main() -> None:
    seeds = Sweep((load_recipe("reader"),), range(SEEDS), "mnist", accuracy.RUNS, jobs=2)
    runs = train_sweep(seeds, print)
    test = load_dataset("mnist").test
    results = [measure(run, test) for run in runs]
    write_json(
        RESULTS / "read-mnist.json",
        {"environment": asdict(runs[0].environment), "runs": results},
    )
    update_pages()


def measure(run: Run, test: LabelledImages) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        reader = Reader(export_model(run, Path(folder) / "reader.onnx").path)
    readings = [reader.read(png(image)) for image in test.images]
    correct = np.array(
        [each.text == str(label) for each, label in zip(readings, test.labels, strict=True)]
    )
    confidence, predicted = first_digits(readings)
    correct_digit = predicted == test.labels
    is_confident = confidence >= HIGH_CONFIDENCE
    result = {
        "seed": run.recipe.seed,
        "accuracy": float(correct.mean()),
        "rejected": float(np.mean([not each.has_digits for each in readings])),
        "calibration_error": calibration_error(confidence, correct_digit),
        "accuracy_at_99": float(correct_digit[is_confident].mean()),
        "coverage_at_99": float(is_confident.mean()),
    }
    print(", ".join(f"{name} {value:.4f}" for name, value in result.items()), flush=True)
    return result


def first_digits(readings: list[Reading]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return confidence and digit of the first shape in each picture; 0 and -1 without shapes."""
    firsts = [each.digits[0] if each.digits else None for each in readings]
    confidence = np.array([first.confidence if first else 0.0 for first in firsts])
    return confidence, np.array([first.digit if first else -1 for first in firsts])


def png(image: NDArray[np.uint8]) -> bytes:
    file = io.BytesIO()
    Image.fromarray(image).save(file, "PNG")
    return file.getvalue()


if __name__ == "__main__":
    main()
