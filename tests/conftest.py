"""Shared fixtures, and what a test does on a machine that lacks something it needs."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tendigits.data import Dataset, LabelledImages, load_dataset
from tendigits.data.idx import idx_bytes

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from postgresql import PostgreSQL
    from server_process import Server
    from tendigits.data.pages import GlyphSet

CommandLine = Callable[..., subprocess.CompletedProcess[str]]


def pytest_configure() -> None:
    """Restore the default of SIGINT, for the processes that the tests start.

    Under `nohup`, in the background of a script and in several CI runners, pytest is started with
    SIGINT ignored. Processes inherit that, and then nothing can stop them by Ctrl-C.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """List all skipped tests, under what must be installed to run them."""
    skipped = sorted(
        (str(report.longrepr[2]).removeprefix("Skipped: "), report.nodeid)
        for report in terminalreporter.stats.get("skipped", [])
    )
    if skipped:
        terminalreporter.section("skipped tests")
    for reason, tests in groupby(skipped, key=lambda test: test[0]):
        terminalreporter.write_line(f"{reason}:")
        for _, name in tests:
            terminalreporter.write_line(f"  {name}")


def missing(what: str, package: str) -> None:
    """Skip the test, as this machine lacks something; fail where the variable CI is set.

    Args:
        what: what the test needs.
        package: the Debian package to install.
    """
    reason = f"{what} is not installed; on Debian: apt-get install {package}"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    """A Chromium."""
    from playwright.sync_api import expect

    from browser import chromium

    expect.set_options(timeout=20_000)  # pages are loaded slowly where much else runs
    with chromium() as running:
        yield running


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
def glyphs(small_mnist: Dataset) -> "GlyphSet":
    """The glyphs of MNIST's first 2,000 digits, for synthetic pages."""
    from tendigits.data.pages import make_glyphs

    return make_glyphs(small_mnist.train)


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
