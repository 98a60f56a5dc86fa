"""MNIST's test set through the whole way of `tendigits read`, each image handed in as a PNG.

Three runs of the recipe `reader` with seeds of their own (as `accuracy.py reader` trains them) are
exported, and each reads all 10,000 pictures: decoded, its ink found, framed, classified, rejected
where it is not sure. A rejected digit counts as wrong, but its confidence is held against the digit
that it was taken for. Writes `benchmarks/results/read-mnist.json`
and brings the tables of the docs up to date.
"""

import io
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

import accuracy
from tables import RESULTS, update_pages
from tendigits import Reader, Run, export_model, load_dataset
from tendigits.data import LabelledImages
from tendigits.evaluation.confidence import calibration_error
from tendigits.files import write_json
from tendigits.reading import ReadDigit

SEEDS = 3
SURE = 0.99


def main() -> None:
    with ThreadPoolExecutor(2) as cores:
        runs = list(cores.map(lambda seed: accuracy.train("reader", seed), range(SEEDS)))
    test = load_dataset("mnist").test
    results = [measure(run, test) for run in runs]
    write_json(
        RESULTS / "read-mnist.json",
        {"environment": asdict(runs[0].environment), "runs": results},
    )
    update_pages()


def measure(run: Run, test: LabelledImages) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        model = export_model(run, Path(folder) / "reader.onnx").path
        reader = Reader(model)
    answers = [reader.read(png(image)).digits for image in test.images]
    right = np.array(
        [is_right(each, label) for each, label in zip(answers, test.labels, strict=True)]
    )
    confidences = np.array([each[0].confidence if each else 0.0 for each in answers])
    guessed = np.array(
        [
            bool(each) and each[0].digit == label
            for each, label in zip(answers, test.labels, strict=True)
        ]
    )
    result = {
        "seed": run.recipe.seed,
        "accuracy": float(right.mean()),
        "rejected": float(np.mean([not any(digit.accepted for digit in each) for each in answers])),
        "calibration_error": calibration_error(confidences, guessed),
        "right_where_sure": float(guessed[confidences >= SURE].mean()),
        "sure": float((confidences >= SURE).mean()),
    }
    print(", ".join(f"{name} {value:.4f}" for name, value in result.items()), flush=True)
    return result


def png(image: NDArray[np.uint8]) -> bytes:
    file = io.BytesIO()
    Image.fromarray(image).save(file, "PNG")
    return file.getvalue()


def is_right(digits: tuple[ReadDigit, ...], label: int) -> bool:
    return [digit.character for digit in digits] == [str(label)]


if __name__ == "__main__":
    main()
