import re
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from compilers import compile_c
from tendigits import ModelError, RunError, export_c_header, load_classifier, train
from tendigits.data import CLASSES, Dataset
from tendigits.export import c_header as export_module
from tendigits.export.c_header import ExportedHeader, integer_network
from tendigits.export.integer import CONFIDENCE_UNIT, IntegerNetwork
from tendigits.export.trained import load_trained
from tendigits.training import Run

PROGRAM = Path(__file__).parent / "predict_images.c"
DOCS = Path(__file__).parents[2] / "docs" / "export.md"
SANITIZERS = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all")
SANITIZED_IMAGES = 100  # sanitizers make the program ten times as slow
SMALL: dict[str, object] = {"epochs": 1, "network.stem_channels": 6, "network.stages": [[8], [8]]}
FORMS: dict[str, tuple[str, dict[str, object]]] = {
    "mlp": ("mlp", {"epochs": 1, "network.widths": [16, 12]}),
    "one layer, no validation images": (
        "mlp",
        {"epochs": 1, "network.widths": [], "validation_fraction": 0.0},
    ),
    "stride of 2": ("fast", SMALL),
    "unpadded, odd sizes": ("fast", {**SMALL, "network.stem_kernel": 6, "network.stem_stride": 1}),
    "output for non-digits": ("reader", {**SMALL, "ood.count": 200, "synthetic_digits": 0}),
}
Images = NDArray[np.uint8]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> ExportedHeader:
    return export_c_header("tiny", tmp_path_factory.mktemp("tiny") / "digits.h")


@pytest.fixture(scope="module")
def tiny_network() -> IntegerNetwork:
    return integer_network(load_trained("tiny"))


@pytest.fixture(scope="module")
def expected(tiny_network: IntegerNetwork, mnist: Dataset) -> NDArray[np.int64]:
    """The digits and confidences of all test images in numpy, (10000, 2)."""
    return np.stack(tiny_network.predict(mnist.test.images), axis=1)


def run_program(program: Path, images: Images, *, logits: bool = False) -> NDArray[np.int32]:
    """Return the digit and confidence of each image, and its logits."""
    words = [str(program), "logits"] if logits else [str(program)]
    result = subprocess.run(words, input=images.tobytes(), capture_output=True, check=False)
    assert (result.returncode, result.stderr) == (0, b"")
    return np.frombuffer(result.stdout, np.int32).reshape(len(images), -1)


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_c_predicts_what_numpy_predicts_on_all_test_images(
    compiler: str,
    tiny: ExportedHeader,
    expected: NDArray[np.int64],
    mnist: Dataset,
) -> None:
    program = compile_c(compiler, PROGRAM, tiny.path.with_name(compiler), "-O3")
    np.testing.assert_array_equal(run_program(program, mnist.test.images), expected)


def test_logits_are_those_of_numpy_and_sanitizers_find_nothing(
    tiny: ExportedHeader, tiny_network: IntegerNetwork, mnist: Dataset
) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (20, 28, 28), np.uint8)
    extremes = np.stack([np.zeros((28, 28), np.uint8), np.full((28, 28), 255, np.uint8)])
    images = np.concatenate([mnist.test.images[:SANITIZED_IMAGES], noise, extremes])
    program = compile_c("gcc", PROGRAM, tiny.path.with_name("sanitized"), "-O1", *SANITIZERS)
    logits = run_program(program, images, logits=True)[:, 2:]
    np.testing.assert_array_equal(logits, tiny_network.logits(images))


def test_tiny_loses_at_most_5_of_10000_test_images(
    tiny: ExportedHeader, expected: NDArray[np.int64], mnist: Dataset
) -> None:
    accuracy = (expected[:, 0] == mnist.test.labels).mean()
    assert accuracy >= tiny.info.test.accuracy - 0.0005
    assert accuracy >= 0.995


def test_tiny_fits_into_12_kb_of_flash_and_24_kb_of_ram(tiny: ExportedHeader) -> None:
    assert tiny.weight_bytes <= 12_000
    assert tiny.buffer_bytes <= 24_000


def test_confidence_is_close_to_that_of_the_model_file(
    expected: NDArray[np.int64], mnist: Dataset
) -> None:
    confidence = load_classifier("tiny").predict(mnist.test.images).confidence
    difference = np.abs(expected[:, 1] / CONFIDENCE_UNIT - confidence)
    assert difference.mean() < 0.001
    assert np.quantile(difference, 0.999) < 0.05


@pytest.mark.parametrize("form", FORMS)
def test_other_networks_are_exported(form: str, small_mnist: Dataset, tmp_path: Path) -> None:
    recipe, settings = FORMS[form]
    run = train(recipe, settings, data=small_mnist, out=tmp_path / "run", threads=1, quiet=True)
    header = export_c_header(run, tmp_path / "digits.h")
    network = integer_network(load_trained(run))
    images = small_mnist.test.images
    program = compile_c("gcc", PROGRAM, tmp_path / "program", "-O2", *SANITIZERS[:1])
    result = run_program(program, images, logits=True)
    np.testing.assert_array_equal(result[:, :2], np.stack(network.predict(images), axis=1))
    np.testing.assert_array_equal(result[:, 2:], network.logits(images))
    assert result.shape[1] == 2 + CLASSES + (form == "output for non-digits")
    assert header.check.held_out == ("no validation images" not in form)
    assert header.check.agreement > 0.97


def test_header_says_what_it_was_made_from(tiny: ExportedHeader) -> None:
    comment = tiny.path.read_text().partition("*/")[0]
    words = " ".join(comment.replace("*", " ").split())
    for fact in (
        "Run: tiny",
        "Recipe: tiny, seed 0",
        "Data: mnist, licence: Creative Commons Attribution-Share Alike 3.0",
        "correct on 99.65% of 10,000 test images",
        "Checked on 6,000 validation images: accuracy 99.48% (C), 99.50% (network)",
    ):
        assert fact in words


def test_sizes_in_the_header_are_those_of_its_arrays(tiny: ExportedHeader) -> None:
    text = tiny.path.read_text()
    sizes = {"int8_t": 1, "uint8_t": 1, "uint16_t": 2, "int32_t": 4}
    constants = re.findall(r"^static const (\w+) \w+\[(\d+)\]", text, re.MULTILINE)
    buffers = re.findall(r"^    static uint8_t \w+\[(\d+)\]", text, re.MULTILINE)
    assert tiny.weight_bytes == sum(sizes[kind] * int(count) for kind, count in constants)
    assert tiny.buffer_bytes == sum(map(int, buffers))
    assert f"#define TENDIGITS_WEIGHT_BYTES {tiny.weight_bytes} " in text
    assert f"#define TENDIGITS_BUFFER_BYTES {tiny.buffer_bytes} " in text
    assert not re.search(r"\b(float|double|malloc)\b", text)


@pytest.mark.parametrize("cpu", ["cortex-m0plus", "cortex-m4"])
def test_example_for_a_microcontroller_needs_no_library(
    cpu: str, tiny: ExportedHeader, tmp_path: Path
) -> None:
    (example,) = re.findall(r"```c\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    assert len(example.splitlines()) <= 30
    (tmp_path / "main.c").write_text(example)
    (tmp_path / "digits.h").write_bytes(tiny.path.read_bytes())
    options = (f"-mcpu={cpu}", "-mthumb", "-Os", "-ffreestanding", "-nostdlib", "-Wl,--entry=main")
    source, program = tmp_path / "main.c", tmp_path / "main.elf"
    compile_c("arm-none-eabi-gcc", source, program, *options, "-lgcc")
    sizes = subprocess.run(
        ["arm-none-eabi-size", program], capture_output=True, text=True, check=True
    ).stdout.split()
    text, data, bss = (int(size) for size in sizes[6:9])
    assert text + data < 16_000
    assert data + bss < 16_000


def test_hostile_names_stay_within_the_comment(
    tiny: ExportedHeader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained = load_trained("tiny")
    hostile = "*/ #error /* \n*/ */\t??/ \\\n#error \\"
    info = replace(trained.info, name=hostile, description=hostile, data_licence=hostile)
    monkeypatch.setattr(
        export_module, "load_trained", lambda _: replace(trained, source=hostile, info=info)
    )
    monkeypatch.setattr(export_module, "_compare", lambda *_: tiny.check)
    export_c_header("tiny", tmp_path / "digits.h")
    program = compile_c("gcc", PROGRAM, tmp_path / "program")
    assert run_program(program, np.zeros((1, 28, 28), np.uint8)).shape == (1, 2)


def test_header_that_loses_accuracy_is_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, small_mnist: Dataset
) -> None:
    run = train(*FORMS["mlp"], data=small_mnist, out=tmp_path / "run", threads=1, quiet=True)
    network = integer_network(load_trained(run))
    broken = replace(network, last=replace(network.last, weights=-network.last.weights))
    monkeypatch.setattr(export_module, "integer_network", lambda _: broken)
    with pytest.raises(ModelError, match="In 8 bits the accuracy falls from"):
        export_c_header(run, tmp_path / "digits.h")
    assert not (tmp_path / "digits.h").exists()


def ensemble(data: Dataset, folder: Path) -> Run:
    settings = {"epochs": 1, "network.widths": [4], "members": 2}
    return train("mlp", settings, data=data, out=folder, threads=1, quiet=True)


def unfinished(data: Dataset, folder: Path) -> Run:
    settings = {"epochs": 1, "network.widths": [4]}
    run = train("mlp", settings, data=data, out=folder, threads=1, quiet=True)
    run.metrics_file.unlink()
    return run


@pytest.mark.parametrize(
    ("make", "error", "sentence"),
    [
        (ensemble, ModelError, "is an ensemble, which C cannot carry"),
        (unfinished, RunError, "is not trained and tested; resume with"),
    ],
)
def test_what_c_cannot_carry_is_rejected(
    make: Callable[[Dataset, Path], Run],
    error: type[Exception],
    sentence: str,
    small_mnist: Dataset,
    tmp_path: Path,
) -> None:
    run = make(small_mnist, tmp_path / "run")
    with pytest.raises(error, match=sentence):
        export_c_header(run, tmp_path / "digits.h")
    assert not (tmp_path / "digits.h").exists()
