"""The confidence of whole pictures, compared with how often their text is right.

Reads synthetic pages with digits by the writers of MNIST that the finder is not trained on. Writes
`benchmarks/results/confidence.json` and updates the tables of the docs.
"""

from dataclasses import asdict, dataclass
from itertools import pairwise

import numpy as np

from tables import RESULTS, update_pages
from tendigits import Reader
from tendigits.data.pages import synthetic_pages
from tendigits.evaluation.calibration import calibration_error
from tendigits.evaluation.picture_metrics import most_probable_text
from tendigits.files import write_json

PAGES, SEED = 1000, 17
EDGES = (0.0, 0.2, 0.4, 0.6, 0.8, 0.9, 0.95, 0.99, 1.0)


@dataclass(frozen=True)
class Bin:
    """Pages of similar confidence."""

    lowest: float
    highest: float
    pages: int
    confidence: float
    correct: float


def main() -> None:
    reader = Reader(threads=1)
    read = [(reader.read(picture), text) for picture, text, _ in synthetic_pages(PAGES, SEED)]
    found = [(reading, text.replace("\n", "")) for reading, text in read if reading.numbers]
    confidences = np.array([reading.confidence for reading, _ in found])
    correct = np.array([most_probable_text(reading) == text for reading, text in found])
    numbers = np.digitize(confidences, EDGES[1:-1])
    bins = [
        Bin(
            low,
            high,
            int((numbers == at).sum()),
            float(confidences[numbers == at].mean()),
            float(correct[numbers == at].mean()),
        )
        for at, (low, high) in enumerate(pairwise(EDGES))
        if (numbers == at).any()
    ]
    error = calibration_error(confidences, correct)
    write_json(
        RESULTS / "confidence.json",
        {
            "pages": len(found),
            "synthetic_pages": PAGES,
            "calibration_error": error,
            "bins": [asdict(each) for each in bins],
        },
    )
    print(f"calibration error {error:.4f} on {len(found)} pages")
    update_pages()


if __name__ == "__main__":
    main()
