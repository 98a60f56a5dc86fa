import os
import subprocess
import sys
from pathlib import Path

import pytest

import tendigits
from tendigits.classifiers import pretrained_models

TORCH_FREE = [
    "",
    "tendigits.load_dataset()",
    "tendigits.load_recipe('mlp')",
    "tendigits.load_classifier('tiny')",
    "tendigits.evaluate('tiny')",
    "tendigits.compare(['tiny', 'mlp'])",
    "tendigits.Report",
]


@pytest.mark.parametrize("name", tendigits.__all__)
def test_every_public_name_exists_and_is_documented(name: str) -> None:
    assert getattr(tendigits, name).__doc__


def test_dir_lists_the_public_names_alone() -> None:
    assert dir(tendigits) == tendigits.__all__


def test_public_names_are_sorted_and_unique() -> None:
    assert tendigits.__all__ == sorted(set(tendigits.__all__))


def test_star_import_imports_the_public_names() -> None:
    names: dict[str, object] = {}
    exec("from tendigits import *", names)
    assert set(tendigits.__all__) <= names.keys()


def test_unknown_name_raises_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'trian'"):
        getattr(tendigits, "trian")  # noqa: B009 - mypy would miss it too


NEEDS_EXTRA = {
    "tendigits.DigitClassifier": ("sklearn", "sklearn"),
    "tendigits.train('mlp')": ("torch", "train"),
    "tendigits.resume('run')": ("torch", "train"),
    "tendigits.fine_tune('mlp', None)": ("torch", "train"),
    "tendigits.write_report('mlp', 'report')": ("torch", "train"),
    "tendigits.export_model('run', 'model.onnx')": ("torch", "train"),
    "tendigits.export_c_header('run', 'digits.h')": ("torch", "train"),
    "tendigits.load_classifier('.')": ("torch", "train"),
    "tendigits.compare(['tiny', 'mlp'])": ("scipy", "train"),
    "tendigits.load_corrections('sqlite:///x.sqlite')": ("sqlalchemy", "serve"),
}


@pytest.mark.parametrize("use", NEEDS_EXTRA)
def test_missing_library_is_reported_with_the_extra_to_install(use: str, tmp_path: Path) -> None:
    library, extra = NEEDS_EXTRA[use]
    script = f"import sys, tendigits\nsys.modules[{library!r}] = None\n{use}"
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert result.stderr.splitlines()[-1] == (
        f"tendigits.errors.MissingExtraError: This needs {library}; install it with: "
        f"pip install 'tendigits[{extra}]'"
    )
    assert list(tmp_path.iterdir()) == []


def test_predicting_and_evaluating_do_not_import_scipy() -> None:
    script = (
        "import sys, tendigits\n"
        "tendigits.predict('tiny', tendigits.load_dataset().test.images[:5])\n"
        "tendigits.evaluate('tiny')\n"
        "print('scipy' in sys.modules)"
    )
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert result.stdout == "False\n"


@pytest.mark.parametrize("use", TORCH_FREE)
def test_data_recipes_and_model_files_need_no_torch(use: str) -> None:
    script = f"import sys, tendigits\n{use}\nprint('torch' in sys.modules)"
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert result.stdout == "False\n"


def test_telemetry_of_onnx_runtime_is_off(tmp_path: Path) -> None:
    # Where it is on, ONNX Runtime leaves an identifier of the machine in the home folder.
    bare = f"import onnxruntime; onnxruntime.InferenceSession({str(pretrained_models()['tiny'])!r})"
    for home, code in (("bare", bare), ("ours", f"import tendigits; {bare}")):
        (tmp_path / home).mkdir()
        environment = {"HOME": str(tmp_path / home), "PATH": os.defpath}
        subprocess.run([sys.executable, "-c", code], env=environment, check=True)
    assert any((tmp_path / "bare").rglob("deviceid"))
    assert not list((tmp_path / "ours").rglob("*"))
