from pathlib import Path

from drawn import colours
from tendigits.data import Dataset
from tendigits.evaluation.corruptions import CORRUPTIONS
from tendigits.evaluation.corruptions.draw_corruptions import (
    draw_corruption_samples,
    draw_robustness,
)
from tendigits.evaluation.corruptions.robustness import CorruptedErrors, Robustness


def test_corruptions_are_drawn(tmp_path: Path, mnist: Dataset) -> None:
    draw_corruption_samples(mnist.test.images, tmp_path / "samples.png")
    assert colours(tmp_path / "samples.png") > 10


def test_one_to_three_classifiers_are_drawn(tmp_path: Path) -> None:
    errors: dict[str, tuple[float, ...]] = dict.fromkeys(CORRUPTIONS, (0.0, 0.1, 0.2, 0.5, 1.0))
    classifiers = tuple(CorruptedErrors(name, errors, 0.36) for name in "abc")
    found = []
    for count in (1, 2, 3):
        draw_robustness(Robustness(10, classifiers[:count]), tmp_path / "robustness.png")
        found.append(colours(tmp_path / "robustness.png"))
    assert 10 < found[0] < found[1]
