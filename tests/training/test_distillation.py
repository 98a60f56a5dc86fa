from dataclasses import replace
from pathlib import Path

import pytest
import torch

from tendigits import RunError, export_model, load_run, predict, resume, train
from tendigits.data import Dataset, LabelledImages
from tendigits.training import Run
from tendigits.training.run import load_network
from tendigits.training.teacher import load_teacher, teacher_sha256, with_pinned_teacher

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
def test_the_teacher_answers_as_its_network_does(
    teacher: Run, model_file: Path, small_mnist: Dataset, tmp_path: Path, kind: str
) -> None:
    path = teacher.folder if kind == "run" else model_file
    student = trained(small_mnist, tmp_path / "student", teacher=path)
    answer = load_teacher(student)
    assert answer is not None
    images = torch.rand(7, 1, 28, 28)
    with torch.no_grad():
        expected = load_network(teacher)(images)
    torch.testing.assert_close(answer(images), expected, rtol=1e-3, atol=1e-4)


def test_a_student_believes_its_teacher_more_than_the_labels(
    small_mnist: Dataset, tmp_path: Path
) -> None:
    # The teacher calls every digit by the next one's name.
    train_part = small_mnist.train
    others = replace(
        small_mnist, train=LabelledImages(train_part.images, (train_part.labels + 1) % 10)
    )
    settings: dict[str, object] = {"epochs": 4, "validation_fraction": 0.0}
    kept = {"threads": 1, "quiet": True}
    teacher = train("mlp", settings, data=others, out=tmp_path / "teacher", **kept)  # type: ignore[arg-type]
    settings["distillation.teacher"] = str(teacher.folder)
    student = train("mlp", settings, data=small_mnist, out=tmp_path / "student", **kept)  # type: ignore[arg-type]
    digits = predict(student, small_mnist.test.images).digits
    assert (digits == (small_mnist.test.labels + 1) % 10).mean() > 0.7


def test_a_teacher_that_learnt_from_the_validation_images_is_rejected(
    teacher: Run, model_file: Path, small_mnist: Dataset, tmp_path: Path
) -> None:
    for number, path in enumerate((teacher.folder, model_file)):
        with pytest.raises(RunError, match="has learnt from images that this run holds out"):
            trained(small_mnist, tmp_path / str(number), teacher=path, seed=1)
        assert not (tmp_path / str(number)).exists()


def test_where_nothing_is_held_out_any_teacher_will_do(
    teacher: Run, small_mnist: Dataset, tmp_path: Path
) -> None:
    settings = {"seed": 1, "validation_fraction": 0.0}
    assert trained(small_mnist, tmp_path / "run", teacher=teacher.folder, **settings).is_complete


def test_the_run_notes_which_teacher_it_had(
    teacher: Run, small_mnist: Dataset, tmp_path: Path
) -> None:
    run = load_run(trained(small_mnist, tmp_path / "run", teacher=teacher.folder).folder)
    assert run.recipe.distillation is not None
    assert run.recipe.distillation.teacher == str(teacher.folder)
    assert run.recipe.distillation.sha256 == teacher_sha256(run.recipe.distillation)


def test_a_teacher_that_has_changed_is_rejected_when_the_run_goes_on(
    model_file: Path, small_mnist: Dataset, tmp_path: Path
) -> None:
    copy = tmp_path / "copy.onnx"
    copy.write_bytes(model_file.read_bytes())
    run = trained(small_mnist, tmp_path / "run", teacher=copy)
    run.metrics.unlink()
    copy.write_bytes(model_file.read_bytes() + b"\0")
    with pytest.raises(RunError, match="has changed since the run was begun"):
        resume(run, quiet=True)


def test_a_teacher_that_is_not_there_is_told_before_a_run_folder_is_made(
    small_mnist: Dataset, tmp_path: Path
) -> None:
    with pytest.raises(RunError, match="give a trained run folder or a model file"):
        trained(small_mnist, tmp_path / "run", teacher=tmp_path / "nobody")
    assert not (tmp_path / "run").exists()


def test_a_recipe_without_a_teacher_stays_as_it_is(teacher: Run, small_mnist: Dataset) -> None:
    labels = small_mnist.train.labels
    assert with_pinned_teacher(teacher.recipe, labels) is teacher.recipe
    assert load_teacher(teacher) is None


def trained(dataset: Dataset, folder: Path, teacher: Path | None = None, **changes: object) -> Run:
    settings = {**SMALL, **changes}
    if teacher is not None:
        settings["distillation.teacher"] = str(teacher)
    return train("fast", settings, data=dataset, out=folder, threads=1, quiet=True)
