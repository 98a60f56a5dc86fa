from pathlib import Path

import numpy as np

from tendigits import train
from tendigits.data import NON_DIGIT, Dataset
from tendigits.evaluation import Validation
from tendigits.training.material import learning_material
from tendigits.training.record import read_record

SMALL: dict[str, object] = {
    "epochs": 3,
    "network.stem_channels": 8,
    "network.stages": [[16], [24]],
    "ood.count": 400,
}


def test_a_network_learns_to_reject_what_is_no_digit(small_mnist: Dataset, tmp_path: Path) -> None:
    run = train("fast", SMALL, data=small_mnist, out=tmp_path / "run", threads=1, quiet=True)
    validation = read_record(run.validation, Validation)
    assert validation.ood_rejected is not None
    assert validation.ood_rejected > 0.3
    assert 0 < validation.threshold < 1
    material = learning_material(run, small_mnist.train)
    assert len(material.learnt) == 1800 + 400
    assert (material.labels[material.learnt] == NON_DIGIT).sum() == 400
    assert not np.isin(run.split.validation, material.learnt).any()


def test_european_digits_are_learnt_beside_mnists(small_mnist: Dataset, tmp_path: Path) -> None:
    settings: dict[str, object] = {"epochs": 1, "network.widths": [4], "synthetic_digits": 50}
    run = train("mlp", settings, data=small_mnist, out=tmp_path / "run", threads=1, quiet=True)
    material = learning_material(run, small_mnist.train)
    assert material.labels[2000:].tolist() == [1] * 25 + [7] * 25
    assert len(material.learnt) == 1800 + 50


def test_without_outliers_the_images_alone_are_learnt_from(
    small_mnist: Dataset, tmp_path: Path
) -> None:
    settings: dict[str, object] = {"epochs": 1, "network.widths": [4]}
    run = train("mlp", settings, data=small_mnist, out=tmp_path / "run", threads=1, quiet=True)
    assert learning_material(run, small_mnist.train).labels is small_mnist.train.labels
    assert read_record(run.validation, Validation).ood_rejected is None
