"""A classifier as an estimator for scikit-learn's users."""

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import Tags, check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from tendigits.data import CLASSES, IMAGE_SIZE, LabelledImages, stratified_split
from tendigits.errors import ModelError
from tendigits.files import to_json, write_bytes
from tendigits.networks import build_classifier
from tendigits.recipes import Recipe, load_recipe
from tendigits.training import Run, Silent, describe_environment, train_classifier
from tendigits.training.predict import log_probabilities
from tendigits.training.run import DataRecord

PIXELS = IMAGE_SIZE * IMAGE_SIZE
_KEY = "tendigits.sklearn"


class DigitClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A classifier of up to ten classes of 28x28 images, trained by a recipe.

    It works wherever scikit-learn's estimators do: pipelines, cross-validation, searches. Images
    are rows (n, 784) or squares (n, 28, 28), 0 for paper; the largest level that `fit` sees is
    full ink. All images are learnt from: validation is the caller's, as with every estimator.

    Args:
        recipe: a shipped recipe's name, the path of a TOML file, or a recipe from `load_recipe`.
        settings: dotted names of settings and their values, such as `{"epochs": 3}`.
        random_state: fixes the first weights and the order of the batches.

    Attributes:
        classes_: (k,) the labels, sorted.
        n_features_in_: 784.
        ink_: the level that is full ink.
        recipe_: every setting that it was trained with.
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

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:  # noqa: N803 - scikit-learn's name
        """Train on images (n, 784) or (n, 28, 28) and their labels (n,).

        Raises:
            ValueError: the images are of another form, or there are more than ten classes.
            RecipeError: there is no such recipe, or a setting is out of range.
        """
        levels, y = validate_data(self, _in_rows(X), y)
        check_classification_targets(y)
        self.classes_, labels = np.unique(y, return_inverse=True)
        if len(self.classes_) > CLASSES:
            raise ValueError(f"There are {len(self.classes_)} classes; give at most {CLASSES}.")
        self.ink_ = float(levels.max()) or 1.0
        self.recipe_ = self._recipe()
        examples = LabelledImages(self._images(levels), labels.astype(np.int64))
        with tempfile.TemporaryDirectory() as folder:
            run = _run(Path(folder), self.recipe_, examples)
            self.network_ = train_classifier(run, examples, Silent()).cpu().eval()
        return self

    def predict_proba(self, X: ArrayLike) -> NDArray[np.float32]:  # noqa: N803
        """Return the probability (n, k) of each class for images as `fit` takes them.

        Raises:
            NotFittedError: `fit` has not been called.
            ValueError: the images are of another form.
        """
        check_is_fitted(self)
        levels = validate_data(self, _in_rows(X), reset=False)
        answers = log_probabilities(self.network_, self._images(levels))
        probabilities: NDArray[np.float64] = np.exp(
            answers[:, : len(self.classes_)].astype(np.float64)
        )
        probabilities /= probabilities.sum(axis=1, keepdims=True)
        return probabilities.astype(np.float32)  # what the network computes in

    def predict(self, X: ArrayLike) -> NDArray[Any]:  # noqa: N803
        """Return the likeliest label (n,) for images as `fit` takes them.

        Raises:
            NotFittedError: `fit` has not been called.
            ValueError: the images are of another form.
        """
        likeliest = self.predict_proba(X).argmax(axis=1)
        labels: NDArray[Any] = self.classes_[likeliest]
        return labels

    def save(self, path: str | Path) -> None:
        """Write the trained classifier as one safetensors file; nothing in it is pickled.

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
        """Read what `save` wrote, ready to predict.

        Raises:
            ModelError: it is no such file, or damaged.
        """
        try:
            with safe_open(path, "np") as file:
                described = json.loads(file.metadata()[_KEY])
            recipe = Recipe.model_validate(described["recipe"])
            network = build_classifier(recipe)
            network.load_state_dict(load_file(path))
            classifier = cls(recipe, random_state=recipe.seed)
            classifier.classes_ = np.array(described["classes"])
            classifier.ink_ = float(described["ink"])
        except OSError as error:
            raise ModelError(f"{path} cannot be read: {error.strerror or error}.") from error
        except (SafetensorError, KeyError, TypeError, ValueError, RuntimeError) as error:
            raise ModelError(
                f"{path} is no classifier that was saved, or a damaged one; save it anew."
            ) from error
        classifier.recipe_, classifier.network_ = recipe, network.eval()
        classifier.n_features_in_ = PIXELS
        return classifier

    def __sklearn_tags__(self) -> Tags:
        """Tell scikit-learn what is taken: images, levels from 0 up."""
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.input_tags.positive_only = True
        return tags

    def _recipe(self) -> Recipe:
        settings = {"validation_fraction": 0, **(self.settings or {})}
        if isinstance(self.random_state, int | np.integer):
            settings["seed"] = int(self.random_state)
        else:
            settings["seed"] = int(check_random_state(self.random_state).randint(2**31))
        if isinstance(self.recipe, Recipe):
            return self.recipe.changed(settings)
        return load_recipe(self.recipe, settings)

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
    """Return squares (n, 28, 28) as rows; what is not three-dimensional stays as it is."""
    if getattr(images, "ndim", 0) == 3:
        return np.reshape(images, (len(images), -1))
    return images


def _run(folder: Path, recipe: Recipe, examples: LabelledImages) -> Run:
    return Run(
        folder=folder,
        recipe=recipe,
        data=DataRecord("fit", "fit", len(examples), 0, tuple("0123456789"), {}),
        split=stratified_split(examples.labels, recipe.validation_fraction, recipe.seed),
        environment=describe_environment(precision=recipe.precision),
    )
