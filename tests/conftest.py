"""What the tests share: real MNIST, and small pieces of it."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tendigits.data import Dataset, LabelledImages, load_dataset
from tendigits.data.idx import idx_bytes

if TYPE_CHECKING:
    from postgresql import PostgreSQL
    from server_process import Server

CommandLine = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def mnist() -> Dataset:
    """All of MNIST."""
    return load_dataset("mnist")


@pytest.fixture(scope="session")
def small_mnist_folder(mnist: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """MNIST's first 2,000 training and 500 test images as a folder of IDX files."""
    folder = tmp_path_factory.mktemp("data") / "small-mnist"
    folder.mkdir()
    write_idx_folder(
        folder,
        LabelledImages(mnist.train.images[:2000], mnist.train.labels[:2000]),
        LabelledImages(mnist.test.images[:500], mnist.test.labels[:500]),
    )
    return folder


@pytest.fixture(scope="session")
def small_mnist(small_mnist_folder: Path) -> Dataset:
    """MNIST's first 2,000 training and 500 test images."""
    return load_dataset(small_mnist_folder)


@pytest.fixture(scope="session")
def tendigits() -> CommandLine:
    """Run the command line in a process of its own: `tendigits("data", "mnist")`."""

    def run(
        *words: str | Path, env: Mapping[str, str] | None = None, cwd: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command(*words),
            capture_output=True,
            text=True,
            timeout=280,
            env=env,
            cwd=cwd,
            check=False,
        )

    return run


@pytest.fixture(scope="session")
def full_report(tendigits: CommandLine, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a full report on the shipped `mlp`, written by the command line."""
    folder = tmp_path_factory.mktemp("reports") / "mlp"
    result = tendigits("evaluate", "mlp", "--full", "-o", folder)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == f"Report: {folder / 'report.html'}\n"
    return folder


def command(*words: str | Path) -> list[str]:
    """Return the words that start `tendigits` with this Python."""
    return [sys.executable, "-m", "tendigits", *(os.fspath(word) for word in words)]


def write_idx_folder(folder: Path, train: LabelledImages, test: LabelledImages) -> None:
    """Write a data set as four plain IDX files."""
    for prefix, part in (("train", train), ("t10k", test)):
        (folder / f"{prefix}-images-idx3-ubyte").write_bytes(idx_bytes(part.images))
        labels = part.labels.astype(np.uint8)
        (folder / f"{prefix}-labels-idx1-ubyte").write_bytes(idx_bytes(labels))


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator["Server"]:
    """A server that the tests of single answers share."""
    from server_process import serving

    with serving(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture(scope="session")
def postgres() -> Iterator["PostgreSQL"]:
    """A real PostgreSQL."""
    from postgresql import postgresql

    with postgresql() as cluster:
        yield cluster
