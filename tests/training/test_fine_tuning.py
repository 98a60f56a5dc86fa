import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest

from tendigits import (
    export_model,
    fine_tune,
    load_classifier,
    load_dataset,
    load_run,
    resume,
    train,
)
from tendigits.classifiers import pretrained_models
from tendigits.classifiers.model_file import METADATA_KEY, weights_beside, with_checksum
from tendigits.data import NON_DIGIT, Dataset, LabelledImages
from tendigits.errors import RunError
from tendigits.export import Exported
from tendigits.export.trained import load_trained
from tendigits.feedback.corrections import only_digits, split_corrections
from tendigits.networks import build_classifier, classifier_of_network
from tendigits.recipes import Recipe, load_recipe
from tendigits.training import (
    build_training_data,
    fine_tuning_recipe,
    images_to_train_on,
    read_start,
)
from tendigits.training.fine_tuning import (
    describe_fine_tuning,
    load_start,
    load_start_weights,
    usable_corrections,
)


@pytest.fixture(scope="module")
def corrections(mnist: Dataset) -> LabelledImages:
    """Mirrored digits, and two non-digits."""
    frames = np.concatenate([mnist.test.images[:40, :, ::-1], mnist.test.images[40:42] // 2])
    labels = np.concatenate([mnist.test.labels[:40], [NON_DIGIT, NON_DIGIT]])
    return LabelledImages(np.ascontiguousarray(frames), labels)


@pytest.fixture(scope="module")
def tuned(
    mnist: Dataset, corrections: LabelledImages, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Exported, Path]:
    folder = tmp_path_factory.mktemp("tuned") / "run"
    options = {"data": mnist, "out": folder, "threads": 1, "quiet": True}
    return fine_tune("mlp", corrections, {"epochs": 1}, **options), folder  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["reader", "tiny", "mlp"])
def test_network_with_the_start_weights_predicts_as_the_model_file(
    mnist: Dataset, corrections: LabelledImages, name: str
) -> None:
    start = read_start(name, corrections)
    network = build_classifier(Recipe.model_validate(start.info.recipe))
    load_start_weights(start, network)
    images = mnist.test.images[:300]
    expected = start.classifier.predict(images).logits
    assert np.abs(classifier_of_network(network).predict(images).logits - expected).max() < 1e-3


def test_fine_tuning_improves_on_the_corrections_and_keeps_the_validation_accuracy(
    tuned: tuple[Exported, Path], corrections: LabelledImages
) -> None:
    exported, _ = tuned
    before, after = load_classifier("mlp"), load_classifier(exported.path)
    trained_on, _ = split_corrections(only_digits(corrections))
    correct_before, correct_after = (
        model.predict(trained_on.images, trained_on.labels).correct.sum()
        for model in (before, after)
    )
    assert correct_after > correct_before + 5
    assert before.info.validation_accuracy is not None
    assert after.info.validation_accuracy is not None
    assert after.info.validation_accuracy > before.info.validation_accuracy - 0.005
    assert after.info.name == "mlp-corrected"


def test_corrections_that_are_held_out_are_not_trained_on(
    tuned: tuple[Exported, Path], mnist: Dataset
) -> None:
    run = load_run(tuned[1])
    usable = usable_corrections(load_start(run).corrections, run.recipe)
    to_train_on, held_out = split_corrections(usable)
    data = build_training_data(run.recipe, mnist.train, run.split, to_train_on)
    trained_on = {image.tobytes() for image in data.images[np.unique(data.indices)]}
    assert (len(to_train_on) + len(held_out), len(held_out) > 2) == (40, True)
    assert not any(image.tobytes() in trained_on for image in held_out.images)
    assert all(image.tobytes() in trained_on for image in to_train_on.images)
    assert np.intersect1d(data.indices, run.split.validation).size == 0
    fraction = (data.indices >= len(mnist.train)).mean()
    repeated = 100 * len(to_train_on)  # each a hundred times
    assert fraction == pytest.approx(repeated / (54_000 + repeated))


def test_non_digits_are_used_only_where_the_network_can_reject(corrections: LabelledImages) -> None:
    assert len(usable_corrections(corrections, load_recipe("mlp"))) == 40
    assert len(usable_corrections(corrections, load_recipe("reader"))) == 42


def test_fine_tuning_can_be_repeated_from_its_run_folder(
    tuned: tuple[Exported, Path], tmp_path: Path
) -> None:
    run = load_run(shutil.copytree(tuned[1], tmp_path / "run"))
    weights = run.weights.read_bytes()
    for path in (run.weights, run.metrics_file, run.fine_tuned_model, *run.checkpoints.iterdir()):
        path.unlink()
    resume(run, quiet=True)
    assert run.weights.read_bytes() == weights
    assert run.fine_tuned_model.exists()


@pytest.mark.parametrize("name", ["start.onnx", "start.safetensors", "corrections.npz"])
def test_run_folder_with_a_damaged_or_missing_start_is_rejected(
    tuned: tuple[Exported, Path], tmp_path: Path, name: str
) -> None:
    folder = shutil.copytree(tuned[1], tmp_path / "run")
    (folder / "metrics.json").unlink()
    (folder / name).write_bytes(b"other")
    with pytest.raises(RunError, match=f"{name} is damaged; fine-tune again"):
        resume(folder, quiet=True)
    (folder / name).unlink()
    with pytest.raises(RunError, match=f"{name} cannot be read .*; fine-tune again"):
        resume(folder, quiet=True)


def test_accuracy_before_and_after_is_printed_before_the_model_is_written(
    tuned: tuple[Exported, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = load_run(shutil.copytree(tuned[1], tmp_path / "run"))
    run.metrics_file.unlink()
    resume(run)
    printed = capsys.readouterr().out.splitlines()
    starts = [
        "Validation accuracy (mnist, 6,000 images): 97.83% before, ",
        "Corrections trained on: ",
        "Corrections held out: ",
        "Corrections to a non-digit left out, as the model cannot reject: 2",
        "Model file: ",
    ]
    places = [next(n for n, line in enumerate(printed) if line.startswith(s)) for s in starts]
    assert places == sorted(places)


def test_description_has_the_accuracy_of_both_models(
    tuned: tuple[Exported, Path], mnist: Dataset, corrections: LabelledImages
) -> None:
    exported, folder = tuned
    run = load_run(folder)
    validation = mnist.train.subset(run.split.validation)
    trained_on, held_out = split_corrections(only_digits(corrections))
    before, after = (load_classifier(model) for model in ("mlp", exported.path))

    def correct(images: LabelledImages) -> list[int]:
        return [
            int(model.predict(images.images, images.labels).correct.sum())
            for model in (before, after)
        ]

    accuracies = [f"{count / 60:.2f}%" for count in correct(validation)]
    first, second, third, last = describe_fine_tuning(run, mnist.train).splitlines()
    assert first.endswith(f": {accuracies[0]} before, {accuracies[1]} after")
    for line, part in ((second, trained_on), (third, held_out)):
        counts = correct(part)
        assert line.endswith(f": {counts[0]} of {len(part)} correct before, {counts[1]} after")
    assert last.endswith(": 2")


def test_model_of_another_data_set_or_other_validation_images_is_rejected(
    mnist: Dataset, small_mnist: Dataset, corrections: LabelledImages
) -> None:
    start = read_start("mlp", corrections)
    with pytest.raises(RunError, match="was trained on another mnist"):
        fine_tuning_recipe(start, {}, small_mnist)
    for changed in ({"seed": 1}, {"validation_fraction": 0.2}, {"validation_fraction": 0.0}):
        with pytest.raises(RunError, match="was trained on images that this run holds out"):
            fine_tuning_recipe(start, changed, mnist)


def test_teacher_with_other_outputs_is_rejected(
    mnist: Dataset, corrections: LabelledImages
) -> None:
    teacher = str(pretrained_models()["reader"])
    with pytest.raises(RunError, match="has 11 outputs and the recipe 10"):
        fine_tuning_recipe(read_start("mlp", corrections), {"distillation.teacher": teacher}, mnist)


def test_images_of_a_data_set_are_all_used_but_its_own_test_part(mnist: Dataset) -> None:
    images, labels = mnist.test.images[:50], mnist.test.labels[:50]
    whole = images_to_train_on(load_dataset((images, labels)))
    assert {image.tobytes() for image in whole.images} == {image.tobytes() for image in images}
    _, held_out = split_corrections(whole)
    assert np.array_equal(held_out.images, load_dataset((images, labels)).test.images)
    with_test = load_dataset((images[:30], labels[:30], images[30:], labels[30:]))
    assert np.array_equal(images_to_train_on(with_test).images, images[:30])
    with_non_digits = images_to_train_on(replace(with_test, non_digits=images[:3]))
    assert with_non_digits.labels.tolist() == [*labels[:30], *[NON_DIGIT] * 3]
    letters = replace(with_test, class_names=tuple("abcdefghij"))
    with pytest.raises(RunError, match="has the classes a, b"):
        images_to_train_on(letters)


def test_data_set_of_a_model_is_found_by_its_name(corrections: LabelledImages) -> None:
    start = read_start("mlp", corrections)
    assert start.data_name == "mnist"
    metadata = replace(start.info, data="private")
    start.__dict__["classifier"] = replace(start.classifier, metadata=metadata)
    with pytest.raises(RunError, match=r"was trained on private, .* in Python with `data=`"):
        _ = start.data_name


def test_missing_weights_are_rejected(tmp_path: Path, corrections: LabelledImages) -> None:
    model = Path(shutil.copy(pretrained_models()["tiny"], tmp_path))
    with pytest.raises(RunError, match=r"tiny\.safetensors .*export the model again") as rejection:
        read_start(model, corrections)
    assert "\n" not in str(rejection.value)


@pytest.mark.parametrize("damage", ["empty", "of another model"])
def test_weights_with_another_checksum_are_rejected(
    tmp_path: Path, corrections: LabelledImages, damage: str
) -> None:
    model = Path(shutil.copy(pretrained_models()["tiny"], tmp_path))
    other = weights_beside(pretrained_models()["mlp"]).read_bytes()
    weights_beside(model).write_bytes(b"" if damage == "empty" else other)
    with pytest.raises(RunError, match="their checksum is wrong; export the model again"):
        read_start(model, corrections)


@pytest.mark.parametrize(
    ("settings", "int8", "reason"),
    [({}, True, "8-bit weights"), ({"members": 2}, False, "is an ensemble")],
)
def test_model_that_cannot_be_trained_further_is_rejected(
    small_mnist: Dataset,
    corrections: LabelledImages,
    tmp_path: Path,
    settings: dict[str, object],
    int8: bool,
    reason: str,
) -> None:
    small = {"epochs": 1, "network.widths": [5], **settings}
    run = train("mlp", small, data=small_mnist, out=tmp_path / "run", threads=1, quiet=True)
    model = export_model(run, tmp_path / "model.onnx", int8=int8).path
    with pytest.raises(RunError, match=reason):
        read_start(model, corrections)


def test_model_with_settings_of_another_version_is_rejected(
    tmp_path: Path, corrections: LabelledImages
) -> None:
    proto = onnx.load_model(pretrained_models()["mlp"])
    metadata = {each.key: each.value for each in proto.metadata_props}
    info = json.loads(metadata[METADATA_KEY])
    info["recipe"]["network"]["former_setting"] = True
    onnx.helper.set_model_props(proto, {METADATA_KEY: json.dumps(info)})
    model = tmp_path / "old.onnx"
    model.write_bytes(with_checksum(proto.SerializeToString()))
    for load in (lambda: read_start(model, corrections), lambda: load_trained(model)):
        with pytest.raises(
            RunError, match=r"settings of another version .* train it again"
        ) as error:
            load()
        assert "\n" not in str(error.value)


def test_weights_of_another_network_are_rejected(corrections: LabelledImages) -> None:
    start = read_start("mlp", corrections)
    with pytest.raises(RunError, match="not those of its recipe; export it again"):
        load_start_weights(start, build_classifier(load_recipe("tiny")))


def test_fine_tuning_that_was_killed_before_its_export_is_resumed(
    tuned: tuple[Exported, Path], tmp_path: Path
) -> None:
    run = load_run(shutil.copytree(tuned[1], tmp_path / "run"))
    expected, metrics = run.fine_tuned_model.read_bytes(), run.metrics_file.stat().st_mtime_ns
    run.fine_tuned_model.unlink()
    assert not run.is_complete
    resume(run, quiet=True)
    assert run.fine_tuned_model.read_bytes() == expected
    assert run.metrics_file.stat().st_mtime_ns == metrics
