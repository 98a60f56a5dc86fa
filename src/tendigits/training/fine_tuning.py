"""Fine-tuning: further training of a model file's weights, on its data set and on corrections."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from pydantic import ValidationError
from safetensors import SafetensorError
from safetensors.torch import load
from torch import nn

from tendigits.classifiers import Classifier, ModelInfo, pretrained_models
from tendigits.classifiers.model_file import load_model_bytes, read_model, weights_beside
from tendigits.data import CATALOGUE, NON_DIGIT, Dataset, LabelledImages, stratified_split
from tendigits.data.catalogue import DIGITS
from tendigits.errors import RunError
from tendigits.feedback.corrections import (
    check_corrections,
    corrections_from_npz,
    corrections_to_npz,
    only_digits,
    split_corrections,
)
from tendigits.recipes import Recipe
from tendigits.training.distillation import held_out_sha256, with_pinned_teacher
from tendigits.training.run_folder import Run, classifier_of_run

# A trained model needs smaller steps than one with random weights,
LEARNING_RATE_FACTOR = 0.1
# and fewer.
EPOCHS = 2
# What the run folder keeps.
MODEL_FILE, WEIGHTS_FILE = "start.onnx", "start.safetensors"
CORRECTIONS_FILE = "corrections.npz"


@dataclass(frozen=True, eq=False)
class Start:
    """What a fine-tuning run starts from.

    Attributes:
        model: the content of a model file.
        weights: its trained weights, the content of the safetensors file beside it.
        corrections: labelled images to train on, and to hold out.
    """

    model: bytes
    weights: bytes
    corrections: LabelledImages

    @cached_property
    def classifier(self) -> Classifier:
        """The model."""
        return load_model_bytes(self.model, "the model to start from")

    @property
    def info(self) -> ModelInfo:
        """The metadata of the model."""
        return self.classifier.info

    @property
    def data_name(self) -> str:
        """The name of the data set that the model was trained on.

        Raises:
            RunError: it cannot be loaded by its name.
        """
        if self.info.data not in CATALOGUE:
            raise RunError(
                f"The model {self.info.name} was trained on {self.info.data}, which is needed to "
                "train it further; fine-tune it in Python with `data=`."
            )
        return self.info.data

    @property
    def files(self) -> dict[str, bytes]:
        """The files that the run folder keeps, by name."""
        return {
            MODEL_FILE: self.model,
            WEIGHTS_FILE: self.weights,
            CORRECTIONS_FILE: corrections_to_npz(self.corrections),
        }


def images_to_train_on(dataset: Dataset) -> LabelledImages:
    """Return the images of a data set for fine-tuning, non-digits included.

    The test part is left out if the data set came with one. Otherwise it is in, as `fine_tune`
    holds out the same images.

    Raises:
        RunError: its classes are not the ten digits.
    """
    if dataset.class_names != DIGITS:
        raise RunError(
            f"{dataset.name} has the classes {', '.join(dataset.class_names)}; give digits."
        )
    digits = dataset.train if dataset.has_own_test else dataset.all_images
    non_digits = np.full(len(dataset.non_digits), NON_DIGIT, np.int64)
    return LabelledImages(
        np.concatenate([digits.images, dataset.non_digits]),
        np.concatenate([digits.labels, non_digits]),
    )


def read_start(model: str | Path, corrections: LabelledImages) -> Start:
    """Read a model file and the weights beside it.

    Args:
        model: a model file, or the name of a pretrained model.
        corrections: labelled images to train on, and to hold out.

    Raises:
        DataError: the corrections are of another shape or type.
        ModelError: the model file cannot be read, or is damaged.
        RunError: its weights are missing or damaged, or it cannot be trained further.
    """
    check_corrections(corrections)
    return Start(*read_model_and_weights(model), corrections)


def read_model_and_weights(model: str | Path) -> tuple[bytes, bytes]:
    """Return the content of a float32 model file of one network, and of the weights beside it.

    Args:
        model: a model file, or the name of a pretrained model.

    Raises:
        ModelError: the model file cannot be read, or is damaged.
        RunError: its weights are missing or damaged, it is an ensemble or has 8-bit weights, or
            another version of tendigits trained it.
    """
    path = pretrained_models().get(str(model), Path(model))
    data = read_model(path)
    info = load_model_bytes(data, str(model), threads=1).info
    if info.precision != "float32":
        raise RunError(f"The model {model} has 8-bit weights; give its float32 file.")
    if recipe_of_model(info, str(model)).is_ensemble:
        raise RunError(f"The model {model} is an ensemble; give a model of one network.")
    weights = weights_beside(path)
    try:
        content = weights.read_bytes()
    except OSError as error:
        raise RunError(
            f"The weights {weights} beside the model file cannot be read ({error.strerror}); "
            "copy them there, or export the model again."
        ) from error
    if hashlib.sha256(content).hexdigest() != info.weights_sha256:
        raise RunError(
            f"The weights {weights} are damaged or belong to another model file: their checksum "
            "is wrong; export the model again."
        )
    return data, content


def recipe_of_model(info: ModelInfo, model: str) -> Recipe:
    """Return the recipe in the metadata of a model file; the error message calls it `model`.

    Raises:
        RunError: it has settings of another version of tendigits.
    """
    try:
        return Recipe.model_validate(info.recipe)
    except ValidationError as error:
        raise RunError(
            f"The model {model} has settings of another version of tendigits; train it again, or "
            f"use the version that trained it (commit {info.git_revision or 'unknown'})."
        ) from error


def load_start(run: Run) -> Start:
    """Read what a run's fine-tuning starts from, out of its folder.

    Raises:
        RunError: a file is missing or has changed.
    """
    settings = run.recipe.fine_tuning
    assert settings is not None
    path = run.folder / CORRECTIONS_FILE
    model = _read_kept(run.folder / MODEL_FILE, settings.model_sha256)
    corrections = _read_kept(path, settings.corrections_sha256)
    info = load_model_bytes(model, MODEL_FILE, threads=1).info
    weights = _read_kept(run.folder / WEIGHTS_FILE, info.weights_sha256)
    return Start(model, weights, corrections_from_npz(corrections, str(path)))


def fine_tuning_recipe(start: Start, settings: Mapping[str, object], dataset: Dataset) -> Recipe:
    """Return the recipe by which the model was trained, changed to train it further.

    Args:
        start: the model and the corrections.
        settings: dotted names of settings and their values that replace the defaults of
            fine-tuning.
        dataset: what the model was trained on.

    Raises:
        RunError: the model was trained on another data set, or other images are held out, or a
            teacher in `settings` does not fit.
        RecipeError: a setting is unknown, or its value invalid.
    """
    info = start.info
    if dataset.checksums != info.data_sha256:
        raise RunError(
            f"The model {info.name} was trained on another {info.data} than "
            f"{dataset.source or dataset.name}; give that as --data."
        )
    of_teachers = ("distillation", "members", "variants")
    given = {name: value for name, value in info.recipe.items() if name not in of_teachers}
    recipe = Recipe.model_validate(given)
    files = {name: hashlib.sha256(content).hexdigest() for name, content in start.files.items()}
    changes: dict[str, object] = {
        "name": f"{recipe.name.removesuffix('-corrected')}-corrected",
        "epochs": EPOCHS,
        "optimizer.learning_rate": LEARNING_RATE_FACTOR * recipe.optimizer.learning_rate,
        "fine_tuning.model_sha256": files[MODEL_FILE],
        "fine_tuning.corrections_sha256": files[CORRECTIONS_FILE],
    }
    recipe = recipe.changed(changes | dict(settings))
    split = stratified_split(dataset.train.labels, recipe.validation_fraction, recipe.seed)
    if not len(split.validation) or held_out_sha256(split) != info.held_out_sha256:
        raise RunError(
            f"The model {info.name} was trained on images that this run holds out, or none are "
            "held out; give a model that was trained with a validation_fraction, and do not "
            "change it or the seed."
        )
    return with_pinned_teacher(recipe, dataset.train.labels)


def load_start_weights(start: Start, network: nn.Module) -> None:
    """Load the weights of the model into `network`.

    Raises:
        RunError: they are of another network than the recipe describes.
    """
    try:
        network.load_state_dict(load(start.weights))
    except (SafetensorError, RuntimeError) as error:
        raise RunError(
            "The weights beside the model file are not those of its recipe; export it again."
        ) from error


def usable_corrections(corrections: LabelledImages, recipe: Recipe) -> LabelledImages:
    """Return the corrections that the recipe's network can be trained on.

    Non-digits are left out where it has no output for them.
    """
    return only_digits(corrections) if recipe.ood is None else corrections


def describe_fine_tuning(run: Run, data: LabelledImages) -> str:
    """Return the accuracy of a run's model before and after the fine-tuning, in lines.

    Args:
        run: a trained fine-tuning run.
        data: the training part of its data set; the validation images are measured on.
    """
    start = load_start(run)
    classifiers = start.classifier, classifier_of_run(run)
    validation = data.subset(run.split.validation)
    accuracies = [
        classifier.predict(validation.images, validation.labels).correct.mean()
        for classifier in classifiers
    ]
    corrections = usable_corrections(start.corrections, run.recipe)
    trained_on, held_out = split_corrections(corrections)
    lines = [
        f"Validation accuracy ({run.data.name}, {len(validation):,} images): "
        f"{100 * accuracies[0]:.2f}% before, {100 * accuracies[1]:.2f}% after",
        _count_line("Corrections trained on", trained_on, classifiers),
        _count_line("Corrections held out", held_out, classifiers),
    ]
    left_out = len(start.corrections) - len(corrections)
    if left_out:
        lines.append(f"Corrections to a non-digit left out, as the model cannot reject: {left_out}")
    return "\n".join(lines)


def _count_line(
    title: str, corrections: LabelledImages, classifiers: tuple[Classifier, Classifier]
) -> str:
    before, after = (
        int((each.predict(corrections.images).predicted_output == corrections.labels).sum())
        for each in classifiers
    )
    return f"{title}: {before} of {len(corrections)} correct before, {after} after"


def _read_kept(path: Path, sha256: str | None) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise RunError(f"{path} cannot be read ({error.strerror}); fine-tune again.") from error
    if hashlib.sha256(content).hexdigest() != sha256:
        raise RunError(f"{path} is damaged; fine-tune again.")
    return content
