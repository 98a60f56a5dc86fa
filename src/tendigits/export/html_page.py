"""A trained classifier as one HTML file: it draws, reads and shows what the network computes."""

import base64
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, is_dataclass
from functools import cache
from html import escape
from importlib import import_module
from pathlib import Path
from string import Template

import numpy as np
import torch
from safetensors.torch import load_file

from tendigits.classifiers import ModelInfo
from tendigits.data.pages import synthetic_pages
from tendigits.data.pages.targets import BOX_UNIT
from tendigits.errors import ModelError
from tendigits.export.html_bundle import bundled
from tendigits.export.html_examples import Examples, find_examples
from tendigits.export.html_network import (
    BITS,
    BITS_OF_FEW,
    Layer,
    Pooling,
    layers_of,
    layers_of_finder,
    packed,
    rounded,
    with_weights_of,
)
from tendigits.export.trained import TrainedModel, load_trained
from tendigits.files import to_json, write_text
from tendigits.images import finder
from tendigits.networks.finder import FinderGraph, FinderNetwork, finder_of_weights
from tendigits.networks.torch_classifier import classifier_of_network

FIRST_CHECK, CHECK_IMAGES = 500, 10_000  # the first few exclude most numbers of bits
# The bits of the weights are the fewest with which no probability of these images differs by more.
LARGEST_DIFFERENCE = 0.009
CHECK_PAGES = 16
PRESENT = 0.3  # the finder's score of a character
# Smaller classifiers are for small files, and get no finder.
LEAST_WEIGHTS_WITH_FINDER = 50_000
_FINDER = Path(finder.__file__).parent.parent / "pretrained" / "finder" / "finder.safetensors"
_PAGE = Path(__file__).parent / "page"
_SERVER_PAGE = Path(__file__).parent.parent / "server" / "page"
# The page reads with the same constants as Python.
_MODULES = (
    *(f"images.{name}" for name in ("decode", "finder", "frame", "grey", "ink")),
    *(f"reading.{name}" for name in ("alignment", "combine", "frames", "lines", "marks")),
    *(f"reading.{name}" for name in ("numbers", "reader", "view")),
)


@dataclass(frozen=True)
class Difference:
    """How the page's network, with rounded weights, compares with the trained one.

    Attributes:
        bits: of each weight of a large layer, or of all if there is none.
        images: how many were compared.
        largest: the largest difference of a probability.
        agreement: the fraction of images with the same digit.
    """

    bits: int
    images: int
    largest: float
    agreement: float


@dataclass(frozen=True)
class MadePage:
    """A page, before it is written.

    Attributes:
        content: the HTML.
        difference: how its classifier compares with the trained network.
        finder: the largest difference of its finder's probabilities; None without a finder.
    """

    content: str
    difference: Difference
    finder: float | None

    def comparison(self) -> str:
        """Return how the networks in it compare with the trained ones, as lines of text."""
        found = self.difference
        bits = f"{found.bits} to {BITS_OF_FEW}" if found.bits < BITS_OF_FEW else f"{found.bits}"
        text = (
            f"Weights of {bits} bits, checked on {found.images:,} images: largest difference "
            f"of a probability {found.largest:.1e}, equal predictions "
            f"{100 * found.agreement:.2f} %"
        )
        if self.finder is None:
            return text
        return (
            f"{text}\nFinder, checked on {CHECK_PAGES} pages: largest difference of a probability "
            f"{self.finder:.1e}"
        )


def make_page(model: str | Path) -> MadePage:
    """Make the page of a classifier.

    Args:
        model: a run folder, a model file with its weights beside it, or a pretrained model's name.

    Raises:
        ModelError: it is no classifier that a page can have, or rounded weights change too much.
        RunError: there is no trained and tested run, or the weights are missing.
    """
    trained = load_trained(model)
    try:
        steps = layers_of(trained.network)
    except TypeError as error:
        raise ModelError(
            f"{model} has a layer that a page cannot compute ({error}); export a run of one "
            "perceptron or convolutional network."
        ) from error
    difference = _fewest_bits(trained, steps)
    layers = [rounded(each, difference.bits) for each in _with_weights(steps)]
    examples = find_examples(with_weights_of(trained.network, layers), layers, trained.training)
    has_finder = any(each.kind == "conv" for each in layers) and (
        trained.info.parameters >= LEAST_WEIGHTS_WITH_FINDER
    )
    found = _finder() if has_finder else None
    data = _data(trained.source, trained.info, steps, difference, examples, found)
    content = _filled(
        data,
        weights=packed(_with_weights(steps), difference.bits),
        examples=examples.packed(),
        finder=packed(found.layers, min(BITS)) if found else b"",
    )
    return MadePage(content, difference, found.difference if found else None)


def write_page(page: MadePage, out: Path) -> str:
    """Write a page, and return a line about the file.

    Raises:
        ModelError: it cannot be written.
    """
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        write_text(out, page.content)
    except OSError as error:
        raise ModelError(
            f"{out} cannot be written: {error.strerror}; choose another --out."
        ) from error
    return f"Page: {out} ({len(page.content.encode()) / 1e6:.2f} MB)"


@dataclass(frozen=True, eq=False)
class _Finder:
    layers: Sequence[Layer]
    difference: float

    @property
    def description(self) -> dict[str, object]:
        """Everything but the values of the weights."""
        return {
            "difference": self.difference,
            "box_unit": BOX_UNIT,
            "layers": [each.description(min(BITS)) for each in self.layers],
        }


def _with_weights(steps: Sequence[Layer | Pooling]) -> list[Layer]:
    return [each for each in steps if isinstance(each, Layer)]


def _fewest_bits(trained: TrainedModel, steps: Sequence[Layer | Pooling]) -> Difference:
    images = np.concatenate([trained.held_out.images, trained.training.images])[:CHECK_IMAGES]
    temperature = trained.info.temperature
    expected = classifier_of_network(trained.network, temperature).predict(images)
    original = _with_weights(steps)
    for bits in range(min(each.bits(min(BITS)) for each in original), max(BITS) + 1):
        layers = [rounded(each, bits) for each in original]
        rounded_classifier = classifier_of_network(
            with_weights_of(trained.network, layers), temperature
        )
        for count in (FIRST_CHECK, CHECK_IMAGES):
            found = rounded_classifier.predict(images[:count])
            difference = Difference(
                bits=bits,
                images=len(found),
                largest=float(np.abs(found.probabilities - expected.probabilities[:count]).max()),
                agreement=float((found.predicted == expected.predicted[:count]).mean()),
            )
            if not difference.largest <= LARGEST_DIFFERENCE:  # also if it is NaN
                break
        else:
            return difference
    raise ModelError(
        f"With rounded weights the probabilities of {trained.source} differ by "
        f"{difference.largest:.1e}; no page was written. Report it with the run's recipe."
    )


def _finder() -> _Finder:
    """Return the pretrained finder."""
    network = finder_of_weights(load_file(_FINDER)).eval()
    layers = layers_of_finder(network)
    copied = with_weights_of(network, [rounded(each, min(BITS)) for each in layers])
    assert isinstance(copied, FinderNetwork)
    return _Finder(layers, _difference_of_finders(network, copied))


@torch.inference_mode()
def _difference_of_finders(network: FinderNetwork, copied: FinderNetwork) -> float:
    """Return the largest difference of a score or a class where there is a character."""
    graphs = FinderGraph(network).eval(), FinderGraph(copied).eval()
    largest = 0.0
    for picture, _, _ in synthetic_pages(CHECK_PAGES, seed=0):
        page = torch.from_numpy(picture[None, None].astype(np.float32))
        (scores, classes, _), (other_scores, other_classes, _) = (each(page) for each in graphs)
        there = (scores > PRESENT) & (other_scores > 0)
        differences = torch.cat([scores - other_scores, classes - other_classes], 1).abs()
        largest = max(largest, float((differences * there).max()))
    return largest


def _data(
    source: str,
    info: ModelInfo,
    steps: Sequence[Layer | Pooling],
    difference: Difference,
    examples: Examples,
    found: _Finder | None,
) -> Mapping[str, object]:
    return {
        "info": asdict(info),
        "source": _source(info, source),
        "difference": asdict(difference),
        "layers": [
            each.description(difference.bits) if isinstance(each, Layer) else each for each in steps
        ],
        "examples": {"images": len(examples.images), "count": examples.count},
        "finder": found.description if found else None,
        "constants": constants_of_page(),
    }


def constants_of_page() -> dict[str, dict[str, object]]:
    """Return the constants of Python with which pages read, by module and name."""
    return {name.partition(".")[2]: _constants(name) for name in _MODULES}


def _constants(module: str) -> dict[str, object]:
    """Return the numbers, texts and tuples of them that a module has as constants."""
    return {
        name.lstrip("_"): _plain(value)
        for name, value in vars(import_module(f"tendigits.{module}")).items()
        if name.isupper()
        and name.lstrip("_") in _words_of_the_page()
        and isinstance(value, int | float | str | tuple | set | dict)
    }


@cache
def _words_of_the_page() -> frozenset[str]:
    """Return the words in capitals in the scripts; the constants that they need are among them."""
    scripts = (bundled(_PAGE / name) for name in ("app.js", "worker.js"))
    return frozenset(word for each in scripts for word in re.findall(r"\b[A-Z_0-9]{2,}\b", each))


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    return sorted(value) if isinstance(value, set) else value


def _source(info: ModelInfo, source: str) -> str:
    """Return which run or model it is, without the folders of this machine."""
    revision = f" (git revision {info.git_revision[:8]})" if info.git_revision else ""
    return f"“{Path(source).name}”{revision}"


def _filled(data: Mapping[str, object], **blobs: bytes) -> str:
    template = Template((_PAGE / "page.html").read_text("utf-8"))
    styles = [(_SERVER_PAGE / "style.css"), (_PAGE / "inside.css")]
    info = data["info"]
    assert isinstance(info, dict)
    return template.substitute(
        title=escape(f"tendigits: {info['name']}"),
        icon=base64.b64encode((_SERVER_PAGE / "icon.svg").read_bytes()).decode(),
        style="".join(each.read_text("utf-8") for each in styles),
        data=to_json(data).replace("<", "\\u003c"),
        script=_as_text(bundled(_PAGE / "app.js").encode()),
        worker=_as_text(bundled(_PAGE / "worker.js").encode()),
        **{name: _as_text(blob) for name, blob in blobs.items()},
    )


def _as_text(data: bytes) -> str:
    return base64.b64encode(zlib.compress(data, 9)).decode()
