import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from tendigits import fine_tune, load_classifier, load_run, resume
from tendigits.classifiers.model_file import shipped_models, to_inputs
from tendigits.data import NON_DIGIT, Corrections, Dataset
from tendigits.errors import RunError
from tendigits.export import Exported
from tendigits.networks import build_classifier
from tendigits.recipes import Recipe
from tendigits.training import Start, fine_tuning_recipe
from tendigits.training.fine_tuning import put_start_weights
from tendigits.training.material import learning_material
from tendigits.training.predict import log_probabilities

Tune = Callable[..., Exported]


@pytest.fixture(scope="module")
def corrections(mnist: Dataset) -> Corrections:
    """A hand that writes its digits mirrored, and two scribbles."""
    frames = np.concatenate([mnist.test.images[:40, :, ::-1], mnist.test.images[40:42] // 2])
    labels = np.concatenate([mnist.test.labels[:40], [NON_DIGIT, NON_DIGIT]])
    return Corrections(np.ascontiguousarray(frames), labels)


@pytest.fixture(scope="module")
def tuned(
    mnist: Dataset, corrections: Corrections, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Exported, Path]:
    folder = tmp_path_factory.mktemp("tuned") / "run"
    options = {"data": mnist, "out": folder, "threads": 1, "quiet": True}
    return fine_tune("mlp", corrections, {"epochs": 1}, **options), folder  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["reader", "tiny", "mlp"])
def test_a_network_takes_a_model_files_weights_and_answers_as_it_does(
    mnist: Dataset, name: str
) -> None:
    model = load_classifier(name)
    network = build_classifier(Recipe.model_validate(model.info.recipe))
    content = shipped_models()[name].read_bytes()
    put_start_weights(content, network, torch.from_numpy(mnist.train.images[:2000]))
    images = mnist.test.images[:300]
    expected = torch.log_softmax(torch.from_numpy(model.logits(to_inputs(images))), dim=1)
    assert np.abs(log_probabilities(network, images) - expected.numpy()).max() < 1e-3
    network.train()  # its normalisation takes a batch's own statistics now
    with torch.no_grad():
        answers = network(torch.from_numpy(to_inputs(images))).argmax(dim=1)
    assert (answers == expected.argmax(dim=1)).float().mean() > 0.99


def test_it_learns_the_corrections_and_keeps_what_it_knew(
    tuned: tuple[Exported, Path], corrections: Corrections
) -> None:
    exported, _ = tuned
    before, after = load_classifier("mlp"), load_classifier(exported.path)
    learnt = corrections.digits.learnt

    def right(model: object) -> int:
        answers = model.probabilities(to_inputs(learnt.frames)).argmax(axis=1)  # type: ignore[attr-defined]
        return int((answers == learnt.labels).sum())

    assert right(after) > right(before) + 5
    assert before.info.validation_accuracy is not None
    assert after.info.validation_accuracy is not None
    assert after.info.validation_accuracy > before.info.validation_accuracy - 0.005
    assert after.info.name == "mlp-corrected"


def test_what_is_held_out_is_not_learnt(
    tuned: tuple[Exported, Path], mnist: Dataset, corrections: Corrections
) -> None:
    run = load_run(tuned[1])
    material = learning_material(run, mnist.train)
    learnt = {image.tobytes() for image in material.images[np.unique(material.learnt)]}
    held_out = corrections.digits.held_out
    assert not any(frame.tobytes() in learnt for frame in held_out.frames)
    assert all(frame.tobytes() in learnt for frame in corrections.digits.learnt.frames)
    assert np.intersect1d(material.learnt, run.split.validation).size == 0
    share = (material.learnt >= len(mnist.train)).mean()
    assert share == pytest.approx(3200 / (54_000 + 3200))  # 32, a hundred times each


def test_the_run_folder_alone_repeats_it(tuned: tuple[Exported, Path], tmp_path: Path) -> None:
    run = load_run(shutil.copytree(tuned[1], tmp_path / "run"))
    weights = run.weights.read_bytes()
    for path in (run.weights, run.metrics, run.fine_tuned_model, *run.checkpoints.iterdir()):
        path.unlink()
    resume(run, quiet=True)
    assert run.weights.read_bytes() == weights
    assert run.fine_tuned_model.exists()


@pytest.mark.parametrize("name", ["start.onnx", "corrections.npz"])
def test_a_run_folder_that_has_changed_is_rejected(
    tuned: tuple[Exported, Path], tmp_path: Path, name: str
) -> None:
    folder = shutil.copytree(tuned[1], tmp_path / "run")
    (folder / name).write_bytes(b"other")
    (folder / "metrics.json").unlink()
    with pytest.raises(RunError, match=name):
        resume(folder, quiet=True)


def test_what_it_did_is_told_before_a_model_is_written(
    tuned: tuple[Exported, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = load_run(shutil.copytree(tuned[1], tmp_path / "run"))
    run.metrics.unlink()
    resume(run)
    told = capsys.readouterr().out.splitlines()
    starts = [
        "Validation accuracy (mnist, 6,000 images): 97.83% before, ",
        "Corrections learnt from: ",
        "Corrections held out: ",
        "2 corrections of no digit were left out",
        "Model file: ",
    ]
    places = [next(n for n, line in enumerate(told) if line.startswith(s)) for s in starts]
    assert places == sorted(places)


def test_a_model_that_cannot_go_on_is_rejected(
    mnist: Dataset, small_mnist: Dataset, corrections: Corrections
) -> None:
    start = Start(shipped_models()["mlp"].read_bytes(), corrections)
    with pytest.raises(RunError, match="another mnist"):
        fine_tuning_recipe(start, {}, small_mnist)
    for changed in ({"seed": 1}, {"validation_fraction": 0.2}, {"validation_fraction": 0.0}):
        with pytest.raises(RunError, match="held out"):
            fine_tuning_recipe(start, changed, mnist)
