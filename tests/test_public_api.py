import subprocess
import sys

import pytest

import tendigits

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


def test_dir_lists_every_public_name() -> None:
    assert set(tendigits.__all__) <= set(dir(tendigits))
    assert dir(tendigits) == sorted(dir(tendigits))


def test_public_names_are_sorted_and_unique() -> None:
    assert tendigits.__all__ == sorted(set(tendigits.__all__))


def test_star_import_imports_the_public_names() -> None:
    names: dict[str, object] = {}
    exec("from tendigits import *", names)
    assert set(tendigits.__all__) <= names.keys()


def test_unknown_name_raises_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'trian'"):
        getattr(tendigits, "trian")  # noqa: B009 - mypy would miss it too


def test_missing_scikit_learn_is_reported_with_the_extra_to_install() -> None:
    script = "import sys, tendigits\nsys.modules['sklearn'] = None\ntendigits.DigitClassifier"
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert result.stderr.splitlines()[-1] == (
        "tendigits.errors.MissingExtraError: This needs sklearn; install it with: "
        "pip install 'tendigits[sklearn]'"
    )


@pytest.mark.parametrize("use", TORCH_FREE)
def test_data_recipes_and_model_files_need_no_torch(use: str) -> None:
    script = f"import sys, tendigits\n{use}\nprint('torch' in sys.modules)"
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert result.stdout == "False\n"
