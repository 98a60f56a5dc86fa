"""The pretrained models of the package."""

from pathlib import Path

import numpy as np
import pytest
from safetensors.torch import load_file

import tendigits
from tendigits.classifiers.model_file import (
    METADATA_KEY,
    open_session,
    pretrained_models,
    pretrained_reports,
    weights_beside,
)
from tendigits.classifiers.model_info import info_of_pretrained, parse_info
from tendigits.data import Dataset
from tendigits.evaluation.render import model_card
from tendigits.files import sha256_of
from tendigits.networks import build_classifier
from tendigits.networks.torch_classifier import torch_logits
from tendigits.recipes import Recipe

MODELS = pretrained_models()


def test_pretrained_models_take_at_most_4_megabytes() -> None:
    assert set(MODELS) == {"mlp", "reader", "tiny"}
    assert sum(path.stat().st_size for path in MODELS.values()) <= 4_000_000


@pytest.mark.parametrize("name", MODELS)
def test_metadata_that_reading_does_not_check_is_valid(name: str) -> None:
    session = open_session(MODELS[name].read_bytes(), name)
    metadata = session.get_modelmeta().custom_metadata_map[METADATA_KEY]
    assert info_of_pretrained(metadata) == parse_info(metadata, name)


@pytest.mark.parametrize("name", MODELS)
def test_accuracy_is_that_of_the_metadata(name: str) -> None:
    recorded = tendigits.load_classifier(name).info.test.accuracy
    assert tendigits.evaluate(name).accuracy == pytest.approx(recorded, abs=3e-4)


@pytest.mark.parametrize("name", MODELS)
def test_recipe_in_the_metadata_is_the_shipped_recipe(name: str) -> None:
    info = tendigits.load_classifier(name).info
    shipped = tendigits.load_recipe(name)
    made_by = Recipe.model_validate(info.recipe)
    for setting in ("network", "epochs", "optimizer", "augmentation", "ood", "synthetic_digits"):
        assert getattr(made_by, setting) == getattr(shipped, setting)


@pytest.mark.parametrize("name", MODELS)
def test_report_and_model_card_are_of_the_shipped_file(name: str) -> None:
    report = tendigits.read_report(pretrained_reports()[name])
    assert report.origin.sha256 == sha256_of(MODELS[name])
    card = MODELS[name].with_suffix(".md").read_text(encoding="utf-8")
    assert card == model_card(report)


def test_most_accurate_pretrained_model_is_calibrated() -> None:
    best = max(MODELS, key=lambda name: tendigits.load_classifier(name).info.test.accuracy)
    shipped = tendigits.read_report(pretrained_reports()[best]).calibration.final
    assert shipped.calibration_error < 0.005
    assert shipped.negative_log_likelihood < 0.016


@pytest.mark.parametrize("name", MODELS)
def test_command_that_made_the_model_is_documented(name: str) -> None:
    commands = (Path(MODELS[name]).parent / "README.md").read_text(encoding="utf-8")
    assert f"tendigits train {name} " in commands
    assert f"-o src/tendigits/pretrained/{name}.onnx" in commands


@pytest.mark.parametrize("name", MODELS)
def test_weights_beside_the_model_file_compute_the_same(name: str, mnist: Dataset) -> None:
    classifier = tendigits.load_classifier(name)
    network = build_classifier(Recipe.model_validate(classifier.info.recipe))
    weights = weights_beside(MODELS[name])
    assert sha256_of(weights) == classifier.info.weights_sha256
    network.load_state_dict(load_file(weights))
    images = mnist.test.images[:200]
    expected = classifier.logits(images)
    np.testing.assert_allclose(torch_logits(network)(images), expected, atol=1e-4)
