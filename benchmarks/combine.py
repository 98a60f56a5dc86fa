"""Choose the weights with which `tendigits.reading.combine` joins finder and classifier.

Reads synthetic pages of held-out writers, compares what is found with what is there, and prints the
weights with the highest likelihood: those of the classes where a character is alone and where it
is not, and those of the evidence for a character.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from tendigits.classifiers import load_model_file
from tendigits.data.pages import SHAPES, Page, draw_page, load_held_out_glyphs
from tendigits.evaluation.finder_report import overlaps_of
from tendigits.images import Finder, Found, Ink, ink_in, is_dark_on_light, make_frame
from tendigits.images.finder import DIGIT_CLASSES
from tendigits.reading.combine import ALONE, CLASSIFIER_FLOOR, FLOOR, logit
from tendigits.reading.frames import DIGIT

PAGES, SEED = 2500, 99
WEAKEST = 0.05
SAME = 0.5  # intersection over union of a candidate and a character that are the same
NONE = -1


@dataclass(frozen=True, eq=False)
class Candidates:
    """Candidates of many pages.

    Attributes:
        scores: (n,) float64, the finder's scores.
        classes: (n, 10) float64, its probabilities of the digits.
        predicted: (n, 10) float64, those of the classifier.
        isolation: (n,) float64, see `Ink`.
        labels: (n,) int64, the digit that is there, or -1.
    """

    scores: NDArray[np.float64]
    classes: NDArray[np.float64]
    predicted: NDArray[np.float64]
    isolation: NDArray[np.float64]
    labels: NDArray[np.int64]


def main() -> None:
    candidates = find_candidates()
    is_digit = candidates.labels != NONE
    print(f"{len(is_digit)} candidates, {is_digit.sum()} of them digits")
    is_alone = candidates.isolation >= ALONE
    for name, chosen in (("alone", is_alone), ("not alone", ~is_alone)):
        classes = fitted(class_loss(candidates, chosen & is_digit), [0.8, 0.3])
        evidence = fitted(evidence_loss(candidates, chosen), [1.0, 2.0, 0.1])
        print(f"{name}: classes {classes.round(2)}, evidence {evidence.round(2)}")


def find_candidates() -> Candidates:
    """Return what is found on synthetic pages of held-out writers."""
    glyphs, random = load_held_out_glyphs(), np.random.default_rng(SEED)
    finder, classifier = Finder(threads=1), load_model_file("reader", threads=1)
    rows: list[tuple[Found, Ink, int]] = []
    for number in range(PAGES):
        page = draw_page(glyphs, SHAPES[number % len(SHAPES)], random)
        rows += candidates_of(page, finder)
    frames = np.array([make_frame(ink.levels) for _, ink, _ in rows])
    return Candidates(
        scores=np.array([found.score for found, _, _ in rows]),
        classes=np.array([found.classes[:DIGIT_CLASSES] for found, _, _ in rows], np.float64),
        predicted=classifier.predict(frames).probabilities.astype(np.float64),
        isolation=np.array([ink.isolation for _, ink, _ in rows]),
        labels=np.array([label for _, _, label in rows]),
    )


def candidates_of(page: Page, finder: Finder) -> list[tuple[Found, Ink, int]]:
    """Return the candidates for digits of a page, with their ink and their label."""
    found = [
        each
        for each in finder.find(page.picture)
        if each.score >= WEAKEST and each.classes[:DIGIT_CLASSES].sum() >= DIGIT
    ]
    if not found:
        return []
    dark = is_dark_on_light(page.picture, [each.box for each in found if each.score >= 0.3])
    return [(each, ink_in(page.picture, each.box, dark=dark), label(each, page)) for each in found]


def label(found: Found, page: Page) -> int:
    """Return the digit that a candidate lies on, or -1."""
    overlap = overlaps_of(np.array(found.box), page.boxes)
    if not len(overlap) or overlap.max() < SAME or page.classes[overlap.argmax()] >= DIGIT_CLASSES:
        return NONE
    return int(page.classes[overlap.argmax()])


def class_loss(candidates: Candidates, chosen: NDArray[np.bool_]) -> Callable[..., float]:
    """Return the mean negative log-likelihood of the digits as a function of two weights."""
    finders = np.log(candidates.classes[chosen] + FLOOR)
    classifiers = np.log(candidates.predicted[chosen] + CLASSIFIER_FLOOR)
    labels = candidates.labels[chosen]

    def loss(weights: NDArray[np.float64]) -> float:
        logs = weights[0] * finders + weights[1] * classifiers
        logs -= np.logaddexp.reduce(logs, axis=1)[:, None]
        return float(-logs[np.arange(len(labels)), labels].mean())

    return loss


def evidence_loss(candidates: Candidates, chosen: NDArray[np.bool_]) -> Callable[..., float]:
    """Return the mean negative log-likelihood of digits or none as a function of three weights."""
    agreement = (candidates.classes * candidates.predicted).sum(axis=1)[chosen]
    scores = np.array([logit(each) for each in candidates.scores[chosen]])
    agreements = np.array([logit(each) for each in agreement])
    is_digit = candidates.labels[chosen] != NONE

    def loss(weights: NDArray[np.float64]) -> float:
        evidence = weights[0] + weights[1] * scores + weights[2] * agreements
        return float(np.mean(np.logaddexp(0, evidence) - is_digit * evidence))

    return loss


def fitted(loss: Callable[..., float], start: list[float]) -> NDArray[np.float64]:
    """Return the weights with the lowest loss."""
    return np.asarray(minimize(loss, start, method="Nelder-Mead").x)


if __name__ == "__main__":
    main()
