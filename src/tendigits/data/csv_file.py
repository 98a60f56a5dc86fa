"""Data sets in a CSV file as Kaggle publishes MNIST: a label and 784 grey levels in each row."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tendigits.data.dataset import IMAGE_SIZE
from tendigits.data.idx import MAX_ELEMENTS
from tendigits.errors import DataError

LABEL_COLUMNS = {"label", "class", "digit", "target", "y"}
_PIXELS = IMAGE_SIZE**2
_WANTED = f"give one row per image, label,pixel0,...,pixel{_PIXELS - 1}"


def read_csv(path: Path) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the images (n, 784) and labels (n,) of a CSV file.

    The first row may name the columns. The label is in the column called label, class, digit,
    target or y, else in the first one.

    Raises:
        DataError: the file cannot be read, or has other columns or values that are no numbers.
    """
    try:
        if path.stat().st_size > MAX_ELEMENTS:
            raise DataError(f"{path} is larger than {MAX_ELEMENTS:,} bytes; split it.")
        with path.open(encoding="utf-8-sig") as file:
            first = file.readline()
            delimiter = max(",;\t", key=first.count)
            names = [name.strip().strip('"') for name in first.split(delimiter)]
            has_names = not all(map(_is_number, names))
            _check_columns(names, path)
            values = _values(file, [] if has_names else [first], delimiter)
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not a text file; {_WANTED}.") from error
    except ValueError as error:
        reason = str(error).partition("\n")[0].partition(";")[0].rstrip(".")
        raise DataError(f"{path} is not a table of numbers ({reason}); {_WANTED}.") from error
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}.") from error
    if not len(values):
        raise DataError(f"{path} has no rows; {_WANTED}.")
    if values.shape[1] != len(names):
        raise DataError(f"{path} has rows of {values.shape[1]:,} values; {_WANTED}.")
    lower = [name.lower() for name in names]
    label = next((at for at, name in enumerate(lower) if name in LABEL_COLUMNS), 0)
    return np.delete(values, label, axis=1), values[:, label]


def _values(file: Any, before: list[str], delimiter: str) -> NDArray[np.float32]:
    lines = (line for lines in (before, file) for line in lines if line.strip())
    first = next(lines, None)
    if first is None:
        return np.zeros((0, _PIXELS + 1), np.float32)
    rows = (line for part in ([first], lines) for line in part)
    return np.loadtxt(rows, np.float32, comments=None, delimiter=delimiter, quotechar='"', ndmin=2)


def _check_columns(names: list[str], path: Path) -> None:
    if len(names) == _PIXELS:
        raise DataError(f"{path} has {_PIXELS} columns and no labels; {_WANTED}.")
    if len(names) != _PIXELS + 1:
        count = f"{len(names):,} column{'s' * (len(names) != 1)}"
        raise DataError(f"{path} has {count}, not {_PIXELS + 1}; {_WANTED}.")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
