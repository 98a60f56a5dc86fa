"""The wheel and the sdist, as `python -m build` makes them."""

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from PIL import Image

import tendigits
from paper import on_paper, row
from tendigits.data import Dataset

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a new wheel and sdist; the wheel is made from the sdist."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--outdir", folder, ROOT)
    return folder


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    (wheel,) = built.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def sdist_files(built: Path) -> set[str]:
    """The paths of the sdist's files within its folder."""
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        return {member.name.partition("/")[2] for member in archive if member.isfile()}


def test_wheel_reads_a_picture_without_extras(mnist: Dataset, wheel: Path, tmp_path: Path) -> None:
    picture = tmp_path / "photo.png"
    Image.fromarray(on_paper(row(mnist.test.images[:3]))).save(picture)
    python = new_environment(tmp_path / "venv", wheel)
    assert run(python, "-m", "tendigits", "read", picture, cwd=tmp_path).split()[0] == "721"
    installed = run(python, "-m", "pip", "list", "--format=freeze").lower()
    assert "tendigits==" in installed
    assert "torch" not in installed


def test_wheel_holds_the_package_alone(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    folders = {name.partition("/")[0] for name in names}
    assert folders == {"tendigits", wheel.name.removesuffix("-py3-none-any.whl") + ".dist-info"}
    assert "tendigits/pretrained/reader.onnx" in names
    assert "tendigits/py.typed" in names


def test_sdist_holds_every_source_file_under_version_control(sdist_files: set[str]) -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("This is not a git checkout; to run this test, clone the repository")
    tracked = run("git", "-C", ROOT, "ls-files", "-z").split("\0")
    package = {path for path in tracked if path.startswith("src/") and (ROOT / path).is_file()}
    assert package
    assert package - sdist_files == set()


def test_sdist_holds_no_files_that_tests_and_tools_leave(sdist_files: set[str]) -> None:
    left = {".hypothesis", ".schemathesis", "__pycache__", ".pytest_cache", "runs", "site", ".venv"}
    assert [path for path in sdist_files if left.intersection(path.split("/"))] == []


def test_citation_names_the_version_of_the_package() -> None:
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\nversion: {tendigits.__version__}\n" in citation


def new_environment(folder: Path, wheel: Path) -> Path:
    """Install the wheel into a new virtual environment and return its Python."""
    run(sys.executable, "-m", "venv", "--upgrade-deps", folder)
    python = folder / "bin" / "python"
    constraints = ROOT / "constraints.txt"
    run(python, "-m", "pip", "install", "--quiet", "--no-compile", "-c", constraints, wheel)
    return python


def run(*words: str | Path, cwd: Path | None = None) -> str:
    """Run a command and return what it prints."""
    result = subprocess.run(
        [os.fspath(word) for word in words],
        capture_output=True,
        text=True,
        timeout=280,
        cwd=cwd,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout
