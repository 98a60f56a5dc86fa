import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler
from sklearn.utils.estimator_checks import check_estimator

from tendigits import DigitClassifier, load_recipe, train
from tendigits.classifiers import pretrained_models
from tendigits.data import Dataset
from tendigits.errors import ModelError, RecipeError, RunError
from tendigits.networks import Ensemble
from tendigits.training import computing_threads

QUICK: dict[str, object] = {"epochs": 2, "network.widths": [100]}

# scikit-learn's checks use rows of two to ten features, which are not images of 784 pixels.
NOT_IMAGES = "its rows are not images of 784 pixels"
CHECKS_WITH_FEATURES = {
    "check_classifier_data_not_an_array",
    "check_classifiers_classes",
    "check_classifiers_one_label",
    "check_classifiers_train",
    "check_dict_unchanged",
    "check_dont_overwrite_parameters",
    "check_dtype_object",
    "check_estimators_dtypes",
    "check_estimators_fit_returns_self",
    "check_estimators_nan_inf",
    "check_estimators_overwrite_params",
    "check_estimators_pickle",
    "check_f_contiguous_array_estimator",
    "check_fit2d_1feature",
    "check_fit2d_1sample",
    "check_fit2d_predict1d",
    "check_fit_check_is_fitted",
    "check_fit_idempotent",
    "check_fit_score_takes_y",
    "check_methods_sample_order_invariance",
    "check_methods_subset_invariance",
    "check_n_features_in",
    "check_n_features_in_after_fitting",
    "check_pipeline_consistency",
    "check_positive_only_tag_during_fit",
    "check_readonly_memmap_input",
    "check_supervised_y_2d",
}


class FeatureClassifier(DigitClassifier):
    """Repeats the few features of scikit-learn's checks over the pixels of an image."""

    def _images(self, levels: NDArray[Any]) -> NDArray[np.uint8]:
        times = -(-784 // levels.shape[1])
        return super()._images(np.repeat(levels, times, axis=1)[:, :784])


@pytest.fixture(autouse=True, scope="module")
def _one_thread() -> Iterator[None]:
    with computing_threads(1):  # so that other programs do not slow the tests down
        yield


@pytest.fixture(scope="module")
def fitted(small_mnist: Dataset) -> DigitClassifier:
    return DigitClassifier("mlp", QUICK).fit(small_mnist.train.images, small_mnist.train.labels)


@pytest.mark.filterwarnings("default")  # scikit-learn's checks warn about what they skip
def test_checks_of_scikit_learn_pass_except_those_without_images() -> None:
    expected = dict.fromkeys(CHECKS_WITH_FEATURES, NOT_IMAGES)
    results = check_estimator(DigitClassifier(), expected_failed_checks=expected, on_skip=None)
    assert {each["check_name"] for each in results if each["status"] == "xfail"} == set(expected)
    assert sum(each["status"] == "passed" for each in results) >= 20


@pytest.mark.filterwarnings("default")
def test_checks_of_scikit_learn_pass_with_features_repeated_over_images() -> None:
    expected = {"check_classifiers_train": "requires 83 % accuracy with two features"}
    classifier = FeatureClassifier("mlp", QUICK)
    results = check_estimator(classifier, expected_failed_checks=expected, on_skip=None)
    assert sum(each["status"] == "passed" for each in results) >= 50


@pytest.mark.parametrize("square", [True, False], ids=["(n, 28, 28)", "(n, 784)"])
@pytest.mark.parametrize("scale", [1, 1 / 255], ids=["to 255", "to 1"])
def test_images_of_either_shape_and_scale_give_the_same_probabilities(
    fitted: DigitClassifier, small_mnist: Dataset, square: bool, scale: float
) -> None:
    def form(images: NDArray[np.uint8]) -> NDArray[Any]:
        scaled = images * scale
        return scaled if square else scaled.reshape(-1, 784)

    train, test = small_mnist.train, small_mnist.test
    same = DigitClassifier("mlp", QUICK).fit(form(train.images), train.labels)
    np.testing.assert_allclose(
        same.predict_proba(form(test.images)), fitted.predict_proba(test.images), atol=1e-6
    )
    assert same.score(form(test.images), test.labels) > 0.8
    assert same.n_features_in_ == 784


def test_labels_can_be_strings_and_fewer_than_ten(small_mnist: Dataset) -> None:
    chosen = small_mnist.train.labels < 3
    names = np.array(["zero", "one", "two"])[small_mnist.train.labels[chosen]]
    classifier = DigitClassifier("mlp", QUICK).fit(small_mnist.train.images[chosen], names)
    predicted = classifier.predict(small_mnist.test.images[:20])
    assert classifier.classes_.tolist() == ["one", "two", "zero"]
    assert set(predicted) <= {"zero", "one", "two"}
    np.testing.assert_allclose(classifier.predict_proba(small_mnist.test.images).sum(axis=1), 1)


def test_estimator_works_in_a_pipeline_a_cross_validation_and_a_search(
    small_mnist: Dataset,
) -> None:
    images, labels = small_mnist.train.images[:600].reshape(-1, 784), small_mnist.train.labels[:600]
    pipeline = make_pipeline(MinMaxScaler(), DigitClassifier("mlp", QUICK))
    assert pipeline.fit(images, labels).score(images, labels) > 0.7
    assert cross_val_score(DigitClassifier("mlp", QUICK), images, labels, cv=2).min() > 0.5
    grid = {"settings": [{"epochs": 1}, {"epochs": 4}]}
    search = GridSearchCV(DigitClassifier("mlp"), grid, cv=2).fit(images, labels)
    assert search.best_params_ == {"settings": {"epochs": 4}}


def test_same_random_state_gives_the_same_probabilities_and_another_does_not(
    fitted: DigitClassifier, small_mnist: Dataset
) -> None:
    train, images = small_mnist.train, small_mnist.test.images[:50]
    again = clone(fitted).fit(train.images, train.labels)
    assert np.array_equal(again.predict_proba(images), fitted.predict_proba(images))
    other = clone(fitted).set_params(random_state=1).fit(train.images, train.labels)
    assert not np.array_equal(other.predict_proba(images), fitted.predict_proba(images))


def test_constructor_only_stores_its_arguments() -> None:
    settings = {"epochs": -1}
    classifier = DigitClassifier("nope", settings)
    assert classifier.settings is settings
    assert vars(classifier).keys() == {"recipe", "settings", "random_state"}


def test_recipe_object_is_accepted(small_mnist: Dataset) -> None:
    recipe = load_recipe("mlp", {"epochs": 1})
    train = small_mnist.train
    assert DigitClassifier(recipe, random_state=3).fit(train.images, train.labels).recipe_.seed == 3


def test_saved_classifier_is_loaded_without_pickle(
    fitted: DigitClassifier, small_mnist: Dataset, tmp_path: Path
) -> None:
    fitted.save(tmp_path / "digits.safetensors")
    script = (
        "import pickle, sys; pickle.load = pickle.loads = None; import json, tendigits; "
        "loaded = tendigits.DigitClassifier.load(sys.argv[1]); "
        "print(json.dumps(loaded.predict(tendigits.load_dataset().test.images[:100]).tolist()))"
    )
    words = [sys.executable, "-c", script, str(tmp_path / "digits.safetensors")]
    result = subprocess.run(words, capture_output=True, text=True, check=True)
    assert json.loads(result.stdout) == fitted.predict(small_mnist.test.images[:100]).tolist()


def test_file_that_it_did_not_save_is_rejected_in_one_line(
    fitted: DigitClassifier, tmp_path: Path
) -> None:
    good = tmp_path / "good.safetensors"
    fitted.save(good)
    bad = {"cut": good.read_bytes()[:5000], "empty": b"", "text": b"some text"}
    for name, content in bad.items():
        (tmp_path / name).write_bytes(content)
    save_file(load_file(good), tmp_path / "undescribed")
    for name in (*bad, "undescribed", "missing"):
        with pytest.raises(ModelError, match=re.escape(str(tmp_path / name))) as rejection:
            DigitClassifier.load(tmp_path / name)
        assert "\n" not in str(rejection.value)


def test_unsuitable_images_labels_and_recipes_are_rejected(small_mnist: Dataset) -> None:
    images, labels = small_mnist.train.images[:40], np.arange(40) % 11
    with pytest.raises(ValueError, match="11 classes"):
        DigitClassifier("mlp", QUICK).fit(images, labels)
    with pytest.raises(ValueError, match="729 features"):
        DigitClassifier("mlp", QUICK).fit(images[:, :27, :27], labels % 10)
    with pytest.raises(ValueError, match="Negative"):
        DigitClassifier("mlp", QUICK).fit(images - 1.0, labels % 10)
    with pytest.raises(RecipeError):
        DigitClassifier("nope").fit(images, labels % 10)
    with pytest.raises(NotFittedError):
        DigitClassifier().predict(images)


def test_weights_are_those_of_a_run_with_the_same_recipe(
    fitted: DigitClassifier, small_mnist: Dataset, tmp_path: Path
) -> None:
    settings = {**QUICK, "validation_fraction": 0.0, "seed": 0}
    run = train("mlp", settings, data=small_mnist, out=tmp_path / "run", threads=1, quiet=True)
    saved = load_file(run.weights)
    for name, tensor in fitted.network_.state_dict().items():
        assert torch.equal(tensor, saved[name])


@pytest.mark.parametrize("settings", [{}, {"distillation.weight": 0.5}])
def test_ensemble_or_what_it_teaches_is_trained_and_saved(
    small_mnist: Dataset, tmp_path: Path, settings: dict[str, object]
) -> None:
    images, labels = small_mnist.train.images, small_mnist.train.labels
    ensemble = DigitClassifier("mlp", {**QUICK, "members": 2, **settings}).fit(images, labels)
    assert isinstance(ensemble.network_, Ensemble) == (not settings)
    ensemble.save(tmp_path / "ensemble.safetensors")
    loaded = DigitClassifier.load(tmp_path / "ensemble.safetensors")
    tests = small_mnist.test.images[:50]
    assert np.array_equal(loaded.predict_proba(tests), ensemble.predict_proba(tests))
    assert ensemble.score(small_mnist.test.images, small_mnist.test.labels) > 0.8


def test_recipe_of_a_fine_tuning_is_rejected(small_mnist: Dataset) -> None:
    settings = {"fine_tuning.model_sha256": "0", "fine_tuning.corrections_sha256": "0"}
    with pytest.raises(RecipeError, match="does not fine-tune"):
        DigitClassifier("mlp", settings).fit(small_mnist.train.images, small_mnist.train.labels)


def test_seed_among_the_settings_is_rejected(small_mnist: Dataset) -> None:
    classifier = DigitClassifier("mlp", QUICK).set_params(settings__seed=5)
    with pytest.raises(RecipeError, match="The seed is random_state"):
        classifier.fit(small_mnist.train.images, small_mnist.train.labels)


def test_clone_of_a_loaded_classifier_is_trained_alike(
    small_mnist: Dataset, tmp_path: Path
) -> None:
    images, labels = small_mnist.train.images[:300], small_mnist.train.labels[:300]
    settings = {**QUICK, "validation_fraction": 0.2, "patience": 1}
    saved = DigitClassifier("mlp", settings, random_state=4).fit(images, labels)
    saved.save(tmp_path / "digits.safetensors")
    again = clone(DigitClassifier.load(tmp_path / "digits.safetensors")).fit(images, labels)
    assert again.recipe_ == saved.recipe_
    assert np.array_equal(again.predict_proba(images), saved.predict_proba(images))


def test_teacher_with_other_outputs_is_rejected(small_mnist: Dataset) -> None:
    teacher = {"distillation.teacher": str(pretrained_models()["reader"])}
    with pytest.raises(RunError, match="has 11 outputs and the recipe 10"):
        DigitClassifier("mlp", {**QUICK, **teacher}).fit(
            small_mnist.train.images[:50], small_mnist.train.labels[:50]
        )


def test_each_setting_is_a_parameter_of_a_search(small_mnist: Dataset) -> None:
    images, labels = small_mnist.train.images[:200], small_mnist.train.labels[:200]
    grid = {"settings__epochs": [1, 3]}
    search = GridSearchCV(DigitClassifier("mlp", QUICK), grid, cv=2).fit(images, labels)
    assert {params["settings__epochs"] for params in search.cv_results_["params"]} == {1, 3}
    chosen = search.best_params_["settings__epochs"]
    assert search.best_estimator_.settings == {**QUICK, "epochs": chosen}
    assert search.best_estimator_.recipe_.epochs == chosen
