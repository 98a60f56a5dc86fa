"""From a finder to the ONNX file that reads pictures, which is checked before it is written."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Literal

import numpy as np
import onnx
import torch
from safetensors.torch import save

from tendigits.classifiers.model_file import METADATA_KEY, open_session, with_checksum
from tendigits.data import CATALOGUE, load_dataset
from tendigits.data.pages import synthetic_pages
from tendigits.errors import ModelError, RunError
from tendigits.evaluation.finder_report import FinderMetrics
from tendigits.export.model_file import write_model_file
from tendigits.files import to_json
from tendigits.images.finder import BOXES, CHARACTERS, CLASSES, INPUT, SCORES
from tendigits.networks import count_multiply_adds, count_parameters
from tendigits.networks.finder import PAGE_SIDE, FinderGraph, FinderNetwork
from tendigits.networks.finder_onnx import finder_to_onnx
from tendigits.training import Run, load_network
from tendigits.training.run_records import read_record

CHECK_PAGES = 16
LARGEST_DIFFERENCE = 0.02  # of a probability, from weights in half precision
_DATA = "mnist"


@dataclass(frozen=True)
class FinderInfo:
    """The metadata of a finder's file.

    Attributes:
        format: the version of this metadata.
        kind: what the file is.
        name: the recipe's name.
        description: what it is and how it was trained.
        inputs: what the graph takes, in words, by name.
        outputs: what it gives, in words, by name.
        characters: the classes, in order.
        parameters: the number of trained weights.
        multiply_adds: multiply-add operations for 96x96 pixels.
        recipe: every setting of the training.
        metrics: the figures on validation pages; None if they were not measured.
        data: the name of the data set whose digits are on the pages.
        data_sha256: checksum of each of its parts as an uncompressed IDX file.
        data_licence: the licence of the data.
        weights_sha256: checksum of the safetensors file with the trained weights, beside the file.
        versions: of tendigits and of the libraries that trained and exported the finder.
        git_revision: the commit that trained it; None if unknown.
    """

    format: Literal[1]
    kind: Literal["finder"]
    name: str
    description: str
    inputs: dict[str, str]
    outputs: dict[str, str]
    characters: str
    parameters: int
    multiply_adds: int
    recipe: dict[str, object]
    metrics: FinderMetrics | None
    data: str
    data_sha256: dict[str, str]
    data_licence: str
    weights_sha256: str
    versions: dict[str, str]
    git_revision: str | None


@dataclass(frozen=True)
class ExportedFinder:
    """A finder's file that was written, and how it compares with the trained network.

    Attributes:
        path: the file.
        size: its bytes.
        info: its metadata.
        difference: the largest difference of a probability on 16 pages.
    """

    path: Path
    size: int
    info: FinderInfo
    difference: float

    def summary(self) -> str:
        """Return the figures as lines of text."""
        return (
            f"Checked on {CHECK_PAGES} pages: largest difference of a probability "
            f"{self.difference:.1e}\n"
            f"Finder: {self.path} ({self.size / 1e6:.2f} MB, {self.info.parameters:,} parameters)"
        )


def export_finder_run(run: Run, out: str | Path) -> ExportedFinder:
    """Write a run's trained finder as one ONNX file with embedded metadata.

    Its weights are written beside it as safetensors.

    Args:
        run: a run of a recipe with pages.
        out: the file to write.

    Raises:
        RunError: the run is not trained and measured.
        ModelError: `out` cannot be written, or the file's results differ from the network's.
    """
    if not run.is_tested:
        raise RunError(
            f"The run {run.folder} is not trained and tested; resume with: {run.command_to_resume}"
        )
    network = load_network(run)
    assert isinstance(network, FinderNetwork)
    return export_finder(
        network,
        out,
        name=run.recipe.name,
        description=run.recipe.description,
        recipe=run.recipe.portable_settings,
        metrics=read_record(run.metrics_file, FinderMetrics),
        data_sha256=run.data.sha256,
        versions=run.environment.versions,
        git_revision=run.environment.git_revision,
    )


def export_finder(
    network: FinderNetwork,
    out: str | Path,
    *,
    name: str = "finder",
    description: str,
    recipe: Mapping[str, object],
    metrics: FinderMetrics | None = None,
    data_sha256: Mapping[str, str] | None = None,
    versions: Mapping[str, str] | None = None,
    git_revision: str | None = None,
) -> ExportedFinder:
    """Write a finder as one ONNX file with embedded metadata, and its weights beside it.

    Args:
        network: the trained network.
        out: the file to write.
        name: the recipe's name.
        description: what it is and how it was trained.
        recipe: every setting of the training.
        metrics: its figures on validation pages.
        data_sha256: the checksums of the digits' data set; those of MNIST when None.
        versions: of the libraries that trained it.
        git_revision: the commit that trained it.

    Raises:
        ModelError: `out` ends in .safetensors or cannot be written, or the file's results differ
            from the network's.
    """
    out = Path(out)
    if out.suffix == ".safetensors":
        raise ModelError(f"{out} is the name of the weights beside the file; give NAME.onnx.")
    weights = save({name: each.contiguous() for name, each in network.state_dict().items()})
    libraries = ("tendigits", "torch", "onnx", "onnxruntime")
    info = FinderInfo(
        format=1,
        kind="finder",
        name=name,
        description=description,
        inputs={INPUT: "float32 (1, 1, h, w), 0 black to 255 white; h and w multiples of 32"},
        outputs={
            SCORES: "(1, 1, h/4, w/4), from 0 to 1; 0 where a neighbour's is higher",
            CLASSES: "(1, 15, h/4, w/4), the probabilities of the characters",
            BOXES: "(1, 4, h/4, w/4), left, top, right and bottom in pixels of the page",
        },
        characters=CHARACTERS,
        parameters=count_parameters(network),
        multiply_adds=count_multiply_adds(network, PAGE_SIDE),
        recipe=dict(recipe),
        metrics=metrics,
        data=_DATA,
        data_sha256=dict(data_sha256 or load_dataset(_DATA).checksums),
        data_licence=CATALOGUE[_DATA].licence,
        weights_sha256=hashlib.sha256(weights).hexdigest(),
        versions={**{each: version(each) for each in libraries}, **(versions or {})},
        git_revision=git_revision,
    )
    content = _with_info(finder_to_onnx(network), info)
    difference = _difference(network, content)
    if not difference <= LARGEST_DIFFERENCE:
        raise ModelError(
            f"The probabilities of the file differ from the network's by {difference:.1e}; {out} "
            "was not written. Report it with the run's recipe."
        )
    write_model_file(out, content, weights)
    return ExportedFinder(out, len(content), info, difference)


def _with_info(proto: onnx.ModelProto, info: FinderInfo) -> bytes:
    proto.producer_name = "tendigits"
    proto.producer_version = info.versions["tendigits"]
    proto.doc_string = f"{info.name}: {info.description}"
    onnx.helper.set_model_props(proto, {METADATA_KEY: to_json(asdict(info))})
    return with_checksum(proto.SerializeToString(deterministic=True))


def _difference(network: FinderNetwork, content: bytes) -> float:
    """Return the largest difference of a score or a class's probability on a few pages."""
    session = open_session(content, "the exported file")
    graph = FinderGraph(network).eval()
    differences = []
    for picture, _, _ in synthetic_pages(CHECK_PAGES, seed=0):
        page = picture[None, None].astype(np.float32)
        scores, classes = session.run([SCORES, CLASSES], {INPUT: page})
        with torch.no_grad():
            expected = [each.numpy() for each in graph(torch.from_numpy(page))]
        both = (scores > 0) & (expected[0] > 0)  # of equal neighbours either may be the higher
        differences += [np.abs(scores - expected[0])[both], np.abs(classes - expected[1])]
    return float(max(each.max() for each in differences if each.size))  # keeps NaN
