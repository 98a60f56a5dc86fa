import subprocess
import sys

import pytest

import tendigits

LIGHT = ["", "tendigits.load_dataset()", "tendigits.load_recipe('mlp')", "tendigits.Dataset"]


@pytest.mark.parametrize("name", tendigits.__all__)
def test_every_public_name_is_there_and_documented(name: str) -> None:
    assert getattr(tendigits, name).__doc__


def test_dir_shows_every_public_name() -> None:
    assert set(tendigits.__all__) <= set(dir(tendigits))
    assert dir(tendigits) == sorted(dir(tendigits))


def test_the_public_names_are_sorted_and_each_is_one() -> None:
    assert tendigits.__all__ == sorted(set(tendigits.__all__))


def test_a_star_import_brings_the_public_names() -> None:
    names: dict[str, object] = {}
    exec("from tendigits import *", names)
    assert set(tendigits.__all__) <= names.keys()


def test_an_unknown_name_is_missed_as_python_misses_it() -> None:
    with pytest.raises(AttributeError, match="no attribute 'trian'"):
        getattr(tendigits, "trian")  # noqa: B009 - mypy would miss it too


def test_who_lacks_scikit_learn_is_told_what_to_install() -> None:
    script = "import sys, tendigits\nsys.modules['sklearn'] = None\ntendigits.DigitClassifier"
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert result.stderr.splitlines()[-1] == (
        "tendigits.errors.MissingExtraError: This needs sklearn; install it with: "
        "pip install 'tendigits[sklearn]'"
    )


@pytest.mark.parametrize("use", LIGHT)
def test_data_and_recipes_need_no_torch(use: str) -> None:
    script = f"import sys, tendigits\n{use}\nprint('torch' in sys.modules)"
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert result.stdout == "False\n"
