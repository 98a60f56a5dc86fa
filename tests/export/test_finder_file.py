import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from safetensors.torch import load_file

from tendigits import RunError, export_model, load_classifier, train
from tendigits.classifiers.model_file import METADATA_KEY, has_valid_checksum, open_session
from tendigits.cli.training import export
from tendigits.data import Dataset
from tendigits.errors import ModelError
from tendigits.evaluation.finder_report import FinderMetrics
from tendigits.export import ExportedFinder, export_finder, export_finder_run
from tendigits.files import sha256_of
from tendigits.images.finder import BOXES, CLASSES, INPUT, SCORES, Finder
from tendigits.networks import build_network
from tendigits.networks.finder import FinderGraph, FinderNetwork
from tendigits.recipes import load_recipe
from tendigits.training.run_records import read_record

RECIPE = load_recipe("finder")
TINY: dict[str, object] = {
    "epochs": 1,
    "batch_size": 4,
    "pages.steps_per_epoch": 1,
    "pages.validation_pages": 4,
    "network.widths": [4, 6, 8, 8, 8],
    "network.blocks": [0, 0, 0, 0],
}


@pytest.fixture(scope="module")
def network() -> FinderNetwork:
    """A network as large as the recipe's, with random weights and statistics."""
    built = build_network(RECIPE.network, seed=0)
    assert isinstance(built, FinderNetwork)
    built(torch.rand(8, 1, 64, 64, generator=torch.Generator().manual_seed(0)) * 255)
    return built.eval()


@pytest.fixture(scope="module")
def exported(network: FinderNetwork, tmp_path_factory: pytest.TempPathFactory) -> ExportedFinder:
    out = tmp_path_factory.mktemp("finder") / "finder.onnx"
    return export_finder(
        network, out, description="Random weights.", recipe=RECIPE.portable_settings
    )


@pytest.mark.parametrize(("height", "width"), [(32, 32), (96, 160), (128, 64)])
def test_file_gives_what_the_network_gives_for_pages_of_any_size(
    exported: ExportedFinder, network: FinderNetwork, height: int, width: int
) -> None:
    page = np.random.default_rng(0).integers(0, 256, (1, 1, height, width)).astype(np.float32)
    session = open_session(exported.path.read_bytes(), "finder")
    scores, classes, boxes = session.run([SCORES, CLASSES, BOXES], {INPUT: page})
    with torch.no_grad():
        expected = [each.numpy() for each in FinderGraph(network)(torch.from_numpy(page))]
    both = (scores > 0) & (expected[0] > 0)
    assert both.sum() > 0.9 * (expected[0] > 0).sum()
    np.testing.assert_allclose(scores[both], expected[0][both], atol=0.01)
    np.testing.assert_allclose(classes, expected[1], atol=0.01)
    np.testing.assert_allclose(boxes, expected[2], atol=0.3)


def test_file_is_small_and_valid(exported: ExportedFinder) -> None:
    content = exported.path.read_bytes()
    assert exported.size == len(content) < 2_800_000
    assert has_valid_checksum(content)
    onnx.checker.check_model(onnx.load_model_from_string(content))
    assert exported.difference < 0.01
    assert str(exported.path) in exported.summary()


def test_file_contains_its_metadata_and_no_path_of_this_machine(exported: ExportedFinder) -> None:
    content = exported.path.read_bytes()
    metadata = open_session(content, "finder").get_modelmeta().custom_metadata_map[METADATA_KEY]
    assert json.loads(metadata) == json.loads(json.dumps(asdict(exported.info)))
    assert exported.info.recipe["batch_size"] == RECIPE.batch_size
    assert str(Path(__file__).parents[2]).encode() not in content


def test_weights_beside_the_file_are_those_of_the_network(
    exported: ExportedFinder, network: FinderNetwork
) -> None:
    weights = load_file(exported.path.with_suffix(".safetensors"))
    assert weights.keys() == network.state_dict().keys()
    for name, tensor in network.state_dict().items():
        assert torch.equal(weights[name], tensor)


def test_file_is_loaded_as_a_finder(exported: ExportedFinder) -> None:
    page = np.full((60, 90), 255, np.uint8)
    assert isinstance(Finder(exported.path, threads=1).find(page), list)


def test_file_is_rejected_as_a_classifier(exported: ExportedFinder) -> None:
    with pytest.raises(ModelError, match="finds digits in pictures, it is no classifier; give a"):
        load_classifier(exported.path)


def test_run_of_a_finder_is_exported_with_its_figures(mnist: Dataset, tmp_path: Path) -> None:
    run = train("finder", TINY, data=mnist, out=tmp_path / "run", threads=1, quiet=True)
    exported = export_finder_run(run, tmp_path / "finder.onnx")
    assert exported.info.metrics == read_record(run.metrics_file, FinderMetrics)
    assert exported.info.weights_sha256 == sha256_of(run.weights)
    with pytest.raises(ModelError, match="trained a finder, not a classifier"):
        export_model(run, tmp_path / "model.onnx")
    with pytest.raises(RunError, match="leave out --int8"):
        export(str(run.folder), tmp_path / "int8.onnx", int8=True)
    with pytest.raises(ModelError, match=r"trained a finder; give NAME\.onnx"):
        export(str(run.folder), tmp_path / "digits.h")
    assert not (tmp_path / "int8.onnx").exists()
    assert not (tmp_path / "digits.h").exists()


def test_name_of_the_weights_is_rejected_as_the_file(
    network: FinderNetwork, tmp_path: Path
) -> None:
    with pytest.raises(ModelError, match=r"give NAME.onnx\.$"):
        export_finder(network, tmp_path / "f.safetensors", description="", recipe={})
    assert not list(tmp_path.iterdir())
