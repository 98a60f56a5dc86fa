"""From a trained network to one C99 header in integers, which is compared with it first."""

import textwrap
from dataclasses import dataclass
from pathlib import Path

import jinja2
import numpy as np
from numpy.typing import NDArray

import tendigits
from tendigits.classifiers import ModelInfo
from tendigits.errors import ModelError
from tendigits.export.c_layers import CNetwork, lay_out
from tendigits.export.integer import CONFIDENCE_UNIT, POWERS, IntegerNetwork
from tendigits.export.model_file import evenly_spaced, write_model_file
from tendigits.export.quantise import quantise
from tendigits.export.trained import TrainedModel, load_trained
from tendigits.networks import classifier_of_network
from tendigits.training import Run

CALIBRATION_IMAGES = 1000
LARGEST_LOSS = 0.01  # of accuracy
_WIDTH = 100


@dataclass(frozen=True)
class HeaderCheck:
    """How a C header compares with the trained network.

    Attributes:
        images: the number of images on which both were compared.
        held_out: whether they are validation images; else images that were trained on.
        accuracy: of the header.
        network_accuracy: of the network.
        agreement: the fraction of images for which both predict the same digit.
        difference: the mean difference of the confidence.
    """

    images: int
    held_out: bool
    accuracy: float
    network_accuracy: float
    agreement: float
    difference: float

    def line(self) -> str:
        """Return the figures in one line."""
        return (
            f"Checked on {self.images:,} {'validation' if self.held_out else 'training'} images: "
            f"accuracy {100 * self.accuracy:.2f}% (C), {100 * self.network_accuracy:.2f}% "
            f"(network), equal predictions {100 * self.agreement:.2f}%, mean difference of the "
            f"confidence {self.difference:.4f}"
        )


@dataclass(frozen=True)
class ExportedHeader:
    """A C header that was written.

    Attributes:
        path: the file.
        info: the metadata of the network.
        check: how it compares with the network.
        weight_bytes: of weights and other constants.
        buffer_bytes: of static buffers.
    """

    path: Path
    info: ModelInfo
    check: HeaderCheck
    weight_bytes: int
    buffer_bytes: int

    def summary(self) -> str:
        """Return the figures as lines of text."""
        return (
            f"{self.check.line()}\nC header: {self.path} ({self.weight_bytes:,} bytes of weights "
            f"and other constants, {self.buffer_bytes:,} bytes of static buffers)"
        )


def export_c_header(model: Run | str | Path, out: str | Path) -> ExportedHeader:
    """Write a trained network as one C99 header that computes in 8-bit integers.

    The header is compared with the network first, on the validation images or, without them, on
    images that were trained on.

    Args:
        model: a run or its folder, a model file with its weights beside it, or the name of a
            pretrained model.
        out: the file to write.

    Raises:
        RunError: there is no trained and tested run of one network, or its data set has changed.
        ModelError: `out` cannot be written, the network has layers that C cannot carry, or the
            header loses more than a hundredth of its accuracy.
        DataError: the data set is not available.
    """
    out, trained = Path(out), load_trained(model)
    network = integer_network(trained)
    check = _compare(network, trained)
    if not check.network_accuracy - check.accuracy <= LARGEST_LOSS:
        raise ModelError(
            f"In 8 bits the accuracy falls from {100 * check.network_accuracy:.2f}% to "
            f"{100 * check.accuracy:.2f}%; {out} was not written. Give another network."
        )
    code = lay_out(network)
    write_model_file(out, _render(network, code, trained, check).encode(), None)
    return ExportedHeader(out, trained.info, check, code.weight_bytes, code.buffer_bytes)


def integer_network(trained: TrainedModel) -> IntegerNetwork:
    """Return a trained network in integers, as the C header computes it.

    Raises:
        ModelError: it has layers that C cannot carry.
    """
    chosen = evenly_spaced(np.arange(len(trained.training)), CALIBRATION_IMAGES)
    images = trained.training.images[chosen]
    return quantise(trained.network, images, trained.info.temperature, trained.source)


def _compare(network: IntegerNetwork, trained: TrainedModel) -> HeaderCheck:
    chosen = trained.check_images
    digits, confidence = network.predict(chosen.images)
    classifier = classifier_of_network(trained.network, trained.info.temperature)
    expected = classifier.predict(chosen.images, chosen.labels)
    return HeaderCheck(
        images=len(chosen),
        held_out=len(trained.held_out) > 0,
        accuracy=float((digits == chosen.labels).mean()),
        network_accuracy=float(expected.correct.mean()),
        agreement=float((digits == expected.predicted).mean()),
        difference=float(np.abs(confidence / CONFIDENCE_UNIT - expected.confidence).mean()),
    )


def _render(
    network: IntegerNetwork, code: CNetwork, trained: TrainedModel, check: HeaderCheck
) -> str:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["rows"] = _rows
    return environment.get_template("digits.h.jinja").render(
        origin=_origin(trained, check),
        network=network,
        code=code,
        powers=POWERS,
        threshold=round(trained.info.threshold * CONFIDENCE_UNIT),
    )


def _origin(trained: TrainedModel, check: HeaderCheck) -> list[str]:
    """Return the lines that say what the header was made from, safe within a comment of C."""
    info = trained.info
    validation = (
        "not measured"
        if info.validation_accuracy is None
        else (f"{100 * info.validation_accuracy:.2f}% of the validation images")
    )
    facts = {
        "Run": trained.name,
        "Recipe": f"{info.name}, seed {info.recipe['seed']}: {info.description}",
        "Data": f"{info.data}, licence: {info.data_licence}",
        "Classes": ", ".join(f"{i} {name}" for i, name in enumerate(info.classes)),
        "Network": f"{info.parameters:,} parameters; correct on {100 * info.test.accuracy:.2f}% of "
        f"{info.test.examples:,} test images, {validation}",
        "Header": check.line(),
        "Weights": f"SHA-256 {info.weights_sha256}",
        "Written by": f"tendigits {tendigits.__version__}; the code is under the MIT licence",
    }
    lines = []
    for name, fact in facts.items():
        words = " ".join(fact.split()).replace("*/", "* /").replace("/*", "/ *")
        lines += textwrap.wrap(f"{name}: {words}", _WIDTH - 3, subsequent_indent="    ")
    return lines


def _rows(values: NDArray[np.integer]) -> str:
    """Return numbers as lines of C."""
    text = ", ".join(map(str, values.tolist()))
    return textwrap.fill(text, _WIDTH, initial_indent="    ", subsequent_indent="    ")
