import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from tendigits import RunError, export_model, load_classifier, load_run, predict, resume, train
from tendigits.data import Dataset, LabelledImages
from tendigits.files import write_text
from tendigits.networks import Ensemble, count_parameters
from tendigits.recipes import DistillationSettings, load_recipe
from tendigits.training import Run
from tendigits.training.checkpoint import find_checkpoints
from tendigits.training.distillation import load_teacher, teacher_sha256, with_pinned_teacher
from tendigits.training.run_folder import load_network

SMALL: dict[str, object] = {
    "epochs": 1,
    "network.stem_channels": 4,
    "network.stages": [[6]],
    "precision": "float32",
}


@pytest.fixture(scope="module")
def teacher(small_mnist: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return trained(small_mnist, tmp_path_factory.mktemp("runs") / "teacher", epochs=2)


@pytest.fixture(scope="module")
def model_file(teacher: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export_model(teacher, tmp_path_factory.mktemp("models") / "teacher.onnx").path


@pytest.mark.parametrize("kind", ["run", "file"])
def test_teacher_has_the_logits_of_its_network(teacher: Run, model_file: Path, kind: str) -> None:
    path = teacher.folder if kind == "run" else model_file
    settings = DistillationSettings(teacher=str(path))
    logits = load_teacher(settings, torch.device("cpu"), torch.float32)
    images = torch.rand(7, 1, 28, 28)  # not rounded to 255 levels
    with torch.no_grad():
        expected = load_network(teacher)(images)
    torch.testing.assert_close(logits(images), expected, rtol=1e-3, atol=1e-4)
    assert not logits(images.requires_grad_()).requires_grad


def test_run_is_trained_with_a_teacher_from_a_model_file(
    model_file: Path, small_mnist: Dataset, tmp_path: Path
) -> None:
    plain = trained(small_mnist, tmp_path / "plain")
    student = trained(small_mnist, tmp_path / "student", teacher=model_file)
    assert student.is_complete
    assert student.weights.read_bytes() != plain.weights.read_bytes()


@pytest.mark.parametrize("kind", ["ensemble", "8 bits"])
def test_any_model_file_can_be_a_teacher(
    teacher: Run, small_mnist: Dataset, tmp_path: Path, kind: str
) -> None:
    run = teacher
    if kind == "ensemble":
        run = trained(small_mnist, tmp_path / "run", members=2)
    exported = export_model(run, tmp_path / "model.onnx", int8=kind == "8 bits")
    settings = DistillationSettings(teacher=str(exported.path))
    logits = load_teacher(settings, torch.device("cpu"), torch.bfloat16)
    images = small_mnist.test.images[:50]
    expected = torch.from_numpy(load_classifier(exported.path).logits(images))
    inputs = torch.from_numpy(images[:, None]).float() / 255
    # Not in bfloat16, which has an error of 1 %.
    torch.testing.assert_close(logits(inputs), expected, rtol=1e-3, atol=1e-3)


def test_student_follows_its_teacher_rather_than_the_labels(
    small_mnist: Dataset, tmp_path: Path
) -> None:
    # The teacher is trained to predict the next digit.
    train_part = small_mnist.train
    others = replace(
        small_mnist, train=LabelledImages(train_part.images, (train_part.labels + 1) % 10)
    )
    settings: dict[str, object] = {"epochs": 4, "validation_fraction": 0.0}
    kept = {"threads": 1, "quiet": True}
    teacher = train("mlp", settings, data=others, out=tmp_path / "teacher", **kept)  # type: ignore[arg-type]
    settings["distillation.teacher"] = str(teacher.folder)
    student = train("mlp", settings, data=small_mnist, out=tmp_path / "student", **kept)  # type: ignore[arg-type]
    predicted = predict(student, small_mnist.test.images).predicted
    assert (predicted == (small_mnist.test.labels + 1) % 10).mean() > 0.7


def test_members_of_a_recipe_teach_one_network(small_mnist: Dataset, tmp_path: Path) -> None:
    variants = [{"network.stages": [[4]]}, {}]
    settings: dict[str, Any] = {"members": 2, "variants": variants, "distillation.weight": 0.8}
    run = trained(small_mnist, tmp_path / "run", **settings)
    assert [each.weights.exists() for each in run.members] == [True, True]
    network = load_network(run)
    assert not isinstance(network, Ensemble)
    assert count_parameters(network) == count_parameters(load_network(run.members[1]))
    weights = run.weights.read_bytes()
    for path in (run.weights, run.metrics_file, run.members[1].weights):
        path.unlink()
    find_checkpoints(run.checkpoints)[0].unlink()
    resume(run, quiet=True)
    assert run.weights.read_bytes() == weights


def test_teacher_that_was_trained_on_the_validation_images_is_rejected(
    teacher: Run, model_file: Path, small_mnist: Dataset, tmp_path: Path
) -> None:
    for number, path in enumerate((teacher.folder, model_file)):
        with pytest.raises(RunError, match="was trained on images that this run holds out"):
            trained(small_mnist, tmp_path / str(number), teacher=path, seed=1)
        assert not (tmp_path / str(number)).exists()


@pytest.mark.parametrize("kind", ["run", "file"])
def test_teacher_with_other_outputs_is_rejected_before_a_run_folder_is_created(
    teacher: Run, model_file: Path, small_mnist: Dataset, tmp_path: Path, kind: str
) -> None:
    path = teacher.folder if kind == "run" else model_file
    with pytest.raises(RunError, match=r"has 10 outputs and the recipe 11; .* \[ood\]"):
        trained(small_mnist, tmp_path / "run", teacher=path, **{"ood.count": 20})
    assert not (tmp_path / "run").exists()


def test_run_folder_of_a_finder_is_rejected_as_a_teacher(
    teacher: Run, small_mnist: Dataset, tmp_path: Path
) -> None:
    finder = shutil.copytree(teacher.folder, tmp_path / "finder")
    write_text(
        finder / "recipe.toml", load_recipe("finder", {"validation_fraction": 0.1}).to_toml()
    )
    recipe = teacher.recipe.changed({"distillation.teacher": str(finder)})
    with pytest.raises(RunError, match="is a finder; give a classifier"):
        with_pinned_teacher(recipe, small_mnist.train.labels)


def test_any_teacher_is_accepted_without_validation_images(
    teacher: Run, small_mnist: Dataset, tmp_path: Path
) -> None:
    settings = {"seed": 1, "validation_fraction": 0.0}
    assert trained(small_mnist, tmp_path / "run", teacher=teacher.folder, **settings).is_complete


def test_run_records_path_and_checksum_of_its_teacher(
    teacher: Run, small_mnist: Dataset, tmp_path: Path
) -> None:
    run = load_run(trained(small_mnist, tmp_path / "run", teacher=teacher.folder).folder)
    assert run.recipe.distillation is not None
    assert run.recipe.distillation.teacher == str(teacher.folder)
    assert run.recipe.distillation.sha256 == teacher_sha256(run.recipe.distillation)


def test_teacher_that_has_changed_is_rejected_when_the_run_is_resumed(
    model_file: Path, small_mnist: Dataset, tmp_path: Path
) -> None:
    copy = tmp_path / "copy.onnx"
    copy.write_bytes(model_file.read_bytes())
    run = trained(small_mnist, tmp_path / "run", teacher=copy)
    run.weights.unlink()
    copy.write_bytes(model_file.read_bytes() + b"\0")
    with pytest.raises(RunError, match="has changed since the run was started"):
        resume(run, quiet=True)


def test_missing_teacher_is_rejected_before_a_run_folder_is_created(
    small_mnist: Dataset, tmp_path: Path
) -> None:
    with pytest.raises(RunError, match="give the folder of a trained run or a model file"):
        trained(small_mnist, tmp_path / "run", teacher=tmp_path / "missing")
    assert not (tmp_path / "run").exists()


def test_recipe_without_a_teacher_is_not_changed(teacher: Run, small_mnist: Dataset) -> None:
    labels = small_mnist.train.labels
    assert with_pinned_teacher(teacher.recipe, labels) is teacher.recipe


def trained(dataset: Dataset, folder: Path, teacher: Path | None = None, **changes: object) -> Run:
    settings = {**SMALL, **changes}
    if teacher is not None:
        settings["distillation.teacher"] = str(teacher)
    return train("fast", settings, data=dataset, out=folder, threads=1, quiet=True)
