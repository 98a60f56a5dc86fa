"""An estimator for scikit-learn."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import Tags, check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data
from torch import nn

from tendigits.data import CLASSES, IMAGE_SIZE, LabelledImages, Split, stratified_split
from tendigits.errors import ModelError, RecipeError
from tendigits.files import to_json, write_bytes
from tendigits.networks import (
    Ensemble,
    build_classifier,
    classifier_of_network,
)
from tendigits.recipes import Recipe, load_recipe
from tendigits.training import TrainingState, build_training_data, fit
from tendigits.training.distillation import as_teacher, check_outputs, load_teacher
from tendigits.training.environment import choose_device, choose_precision

PIXELS = IMAGE_SIZE * IMAGE_SIZE
_KEY = "tendigits.sklearn"
_SETTING = "settings__"


class DigitClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A classifier of 28x28 images into up to ten classes, trained by a recipe.

    It can be used like every estimator of scikit-learn: in pipelines, cross-validation, searches.
    Images have the shape (n, 784) or (n, 28, 28), with 0 for paper; the largest level that `fit`
    is given is full ink. It trains on all images: none are held out for validation, unless
    `settings` contains a `validation_fraction`.

    Args:
        recipe: a shipped recipe's name, the path of a TOML file, or a recipe from `load_recipe`.
        settings: dotted names of settings and their values, such as `{"epochs": 3}`, but for the
            seed. In the grids of searches each is a parameter of its own: `settings__epochs`.
        random_state: determines the initial weights and the order of the batches.

    Attributes:
        classes_: (k,) the labels, sorted.
        n_features_in_: 784.
        ink_: the level of full ink.
        recipe_: all settings with which it was trained.
        network_: the trained network, from images (n, 1, 28, 28) to logits (n, 10).
    """

    def __init__(
        self,
        recipe: str | Path | Recipe = "fast",
        settings: Mapping[str, object] | None = None,
        random_state: int | np.random.RandomState | None = 0,
    ) -> None:
        self.recipe = recipe
        self.settings = settings
        self.random_state = random_state

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters and, if `deep`, each setting as `settings__<name>`."""
        params: dict[str, Any] = super().get_params(deep=False)
        if deep and isinstance(self.settings, Mapping):
            params |= {_SETTING + name: value for name, value in self.settings.items()}
        return params

    def set_params(self, **params: Any) -> Self:
        """Set parameters; `settings__<name>` changes one setting and keeps the others."""
        settings = {
            name.removeprefix(_SETTING): params.pop(name)
            for name in list(params)
            if name.startswith(_SETTING)
        }
        super().set_params(**params)
        if settings:
            self.settings = {**(self.settings or {}), **settings}
        return self

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:  # noqa: N803 - scikit-learn's name
        """Train on images (n, 784) or (n, 28, 28) and their labels (n,).

        Raises:
            ValueError: the images are of another shape, or there are more than ten classes.
            RecipeError: there is no such recipe, or a setting is unknown or invalid.
            RunError: the recipe's teacher cannot be read, or has other outputs.
        """
        levels, y = validate_data(self, _in_rows(X), y)
        check_classification_targets(y)
        self.classes_, labels = np.unique(y, return_inverse=True)
        if len(self.classes_) > CLASSES:
            raise ValueError(f"There are {len(self.classes_)} classes; give at most {CLASSES}.")
        self.ink_ = float(levels.max()) or 1.0
        self.recipe_ = recipe = self._recipe()
        data = LabelledImages(self._images(levels), labels.astype(np.int64))
        split = stratified_split(data.labels, recipe.validation_fraction, recipe.seed)
        self.network_ = _trained_classifier(recipe, data, split)
        return self

    def predict_proba(self, X: ArrayLike) -> NDArray[np.float32]:  # noqa: N803
        """Return the probability (n, k) of each class for images as in `fit`.

        Raises:
            NotFittedError: `fit` has not been called.
            ValueError: the images are of another shape.
        """
        check_is_fitted(self)
        levels = validate_data(self, _in_rows(X), reset=False)
        predictions = classifier_of_network(self.network_).predict(self._images(levels))
        log_probabilities = predictions.log_probabilities[:, : len(self.classes_)]
        probabilities: NDArray[np.float64] = np.exp(log_probabilities.astype(np.float64))
        probabilities /= probabilities.sum(axis=1, keepdims=True)
        return probabilities.astype(np.float32)  # the precision of the network

    def predict(self, X: ArrayLike) -> NDArray[Any]:  # noqa: N803
        """Return the most probable label (n,) for images as in `fit`.

        Raises:
            NotFittedError: `fit` has not been called.
            ValueError: the images are of another shape.
        """
        predicted = self.predict_proba(X).argmax(axis=1)
        labels: NDArray[Any] = self.classes_[predicted]
        return labels

    def save(self, path: str | Path) -> None:
        """Write the trained classifier to a safetensors file, without pickle.

        Raises:
            NotFittedError: `fit` has not been called.
        """
        check_is_fitted(self)
        described = {
            "recipe": self.recipe_.model_dump(mode="json", exclude_none=True),
            "classes": self.classes_.tolist(),
            "ink": self.ink_,
        }
        state = {name: each.contiguous() for name, each in self.network_.state_dict().items()}
        write_bytes(Path(path), save(state, {_KEY: to_json(described)}))

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Load a classifier that `save` wrote.

        Raises:
            ModelError: it is not such a file, or it is damaged.
        """
        try:
            with safe_open(path, "np") as file:
                described = json.loads(file.metadata()[_KEY])
            recipe = Recipe.model_validate(described["recipe"])
            network = build_classifier(recipe)
            network.load_state_dict(load_file(path))
            # Like the classifier that was saved, a clone of this one holds as many images out.
            settings = {"validation_fraction": recipe.validation_fraction}
            classifier = cls(recipe, settings, random_state=recipe.seed)
            classifier.classes_ = np.array(described["classes"])
            classifier.ink_ = float(described["ink"])
        except OSError as error:
            raise ModelError(f"{path} cannot be read: {error.strerror or error}.") from error
        except (SafetensorError, KeyError, TypeError, ValueError, RuntimeError) as error:
            raise ModelError(
                f"{path} is not a file of DigitClassifier.save, or is damaged; save it again."
            ) from error
        classifier.recipe_, classifier.network_ = recipe, network.eval()
        classifier.n_features_in_ = PIXELS
        return classifier

    def __sklearn_tags__(self) -> Tags:
        """Return the tags for scikit-learn: images as input, no negative levels."""
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.input_tags.positive_only = True
        return tags

    def _recipe(self) -> Recipe:
        settings = {"validation_fraction": 0, **(self.settings or {})}
        if "seed" in settings:
            raise RecipeError("The seed is random_state; leave it out of settings.")
        if isinstance(self.random_state, int | np.integer):
            settings["seed"] = int(self.random_state)
        else:
            settings["seed"] = int(check_random_state(self.random_state).randint(2**31))
        if isinstance(self.recipe, Recipe):
            recipe = self.recipe.changed(settings)
        else:
            recipe = load_recipe(self.recipe, settings)
        if recipe.fine_tuning is not None:
            raise RecipeError(
                f"DigitClassifier does not fine-tune, as the recipe {recipe.name} does; choose "
                "another recipe."
            )
        return recipe

    def _images(self, levels: NDArray[Any]) -> NDArray[np.uint8]:
        """Return rows (n, 784) of levels as images (n, 28, 28) from 0 to 255."""
        if levels.shape[1] != PIXELS:
            raise ValueError(
                f"The images have {levels.shape[1]} features; give (n, {PIXELS}) or "
                f"(n, {IMAGE_SIZE}, {IMAGE_SIZE})."
            )
        if levels.min() < 0:
            raise ValueError("Negative values in data passed to DigitClassifier; 0 is paper.")
        scaled = np.clip(levels * (255 / self.ink_), 0, 255)
        return np.rint(scaled).astype(np.uint8).reshape(-1, IMAGE_SIZE, IMAGE_SIZE)


def _in_rows(images: Any) -> Any:
    """Return images (n, 28, 28) as rows (n, 784); other arrays are returned as they are."""
    if getattr(images, "ndim", 0) == 3:
        return np.reshape(images, (len(images), -1))
    return images


def _trained_classifier(recipe: Recipe, data: LabelledImages, split: Split) -> nn.Module:
    if recipe.members == 1:
        return _trained_network(recipe, data, split)
    members = [_trained_network(member, data, split) for member in recipe.member_recipes]
    ensemble = Ensemble(members).eval()
    return _trained_network(recipe, data, split, ensemble) if recipe.teaches_itself else ensemble


def _trained_network(
    recipe: Recipe, data: LabelledImages, split: Split, ensemble: nn.Module | None = None
) -> nn.Module:
    device = choose_device("auto")
    precision = getattr(torch, choose_precision(recipe.precision, device))
    teacher = None
    if ensemble is not None:
        teacher = as_teacher(ensemble, device, precision)
    elif recipe.distillation is not None:
        teacher = load_teacher(recipe.distillation, device, precision)
        check_outputs(recipe)
    network = build_classifier(recipe).to(device)
    trained = fit(
        TrainingState.initial(network, recipe),
        build_training_data(recipe, data, split),
        recipe,
        validation=data.subset(split.validation),
        precision=precision,
        teacher=teacher,
    )
    return trained.cpu()
