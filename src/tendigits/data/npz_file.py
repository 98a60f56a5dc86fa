"""Data sets in an .npz file: with a training and a test part as in Keras, or with X and y."""

import lzma
import tokenize
import zipfile
import zlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tendigits.data.dataset import Dataset
from tendigits.data.idx import MAX_ELEMENTS
from tendigits.errors import DataError
from tendigits.files import atomic_write

KERAS_ARRAYS = ("x_train", "y_train", "x_test", "y_test")
# The names of images and labels of a file without a test part.
WHOLE_ARRAYS = (("X", "y"), ("x", "y"), ("x_train", "y_train"), ("images", "labels"))
NON_DIGIT_ARRAY = "non_digit"
Arrays = dict[str, NDArray[np.generic]]
# Raised by zipfile, its decompressors and NumPy for a damaged file.
_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    RuntimeError,
    SyntaxError,
    tokenize.TokenError,
)


def read_npz(path: Path) -> Arrays:
    """Return the arrays of a data set by their names in Keras; the test part can be missing.

    Images of non-digits are under `non_digit`, if there are any.

    Raises:
        DataError: the file is damaged, or an array is missing, too large or of Python objects.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            sizes = {
                info.filename.removesuffix(".npy"): info.file_size for info in archive.infolist()
            }
        names = _names_of(sizes, path)
        _check_sizes(sizes, names.values(), path)
        with np.load(path, allow_pickle=False) as arrays:
            return {name: _array(arrays[stored], stored) for name, stored in names.items()}
    except _DAMAGED as error:
        raise DataError(f"{path} is not a valid .npz file; download or save it again.") from error
    except (ValueError, MemoryError, OverflowError) as error:
        reason = str(error).partition("\n")[0].rstrip(".")
        raise DataError(
            f"{path} has an array that cannot be loaded ({reason}); save arrays of numbers with "
            "numpy.savez."
        ) from error
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}.") from error


def _array(stored: object, name: str) -> NDArray[np.generic]:
    if not isinstance(stored, np.ndarray):  # NumPy returns the bytes of what is no array
        raise ValueError(f"{name} is not an array")  # noqa: TRY004 - the file's value is wrong
    return stored


def write_npz(dataset: Dataset, path: Path) -> None:
    """Write a data set so that `load_dataset` reads the same images again."""
    arrays = {
        "x_train": dataset.train.images,
        "y_train": dataset.train.labels.astype(np.uint8),
        "x_test": dataset.test.images,
        "y_test": dataset.test.labels.astype(np.uint8),
        NON_DIGIT_ARRAY: dataset.non_digits,
    }
    with atomic_write(path) as partial:
        np.savez_compressed(partial, allow_pickle=False, **arrays)


def _names_of(sizes: Mapping[str, int], path: Path) -> dict[str, str]:
    """Return the names of the arrays in the file by their names in Keras."""
    extra = {NON_DIGIT_ARRAY: NON_DIGIT_ARRAY} if NON_DIGIT_ARRAY in sizes else {}
    if "x_test" in sizes or "y_test" in sizes:
        _check_present(KERAS_ARRAYS, sizes, path)
        return dict(zip(KERAS_ARRAYS, KERAS_ARRAYS, strict=True)) | extra
    for images, labels in WHOLE_ARRAYS:
        if images in sizes:
            _check_present((images, labels), sizes, path)
            return {"x_train": images, "y_train": labels} | extra
    raise DataError(f"{path} has no images; save X and y in it, or {', '.join(KERAS_ARRAYS)}.")


def _check_present(names: Sequence[str], sizes: Mapping[str, int], path: Path) -> None:
    missing = [name for name in names if name not in sizes]
    if missing:
        raise DataError(f"{path} has no array {missing[0]}; save {', '.join(names)} in it.")


def _check_sizes(sizes: Mapping[str, int], names: Iterable[str], path: Path) -> None:
    largest = max(sizes[name] for name in names)
    if largest > MAX_ELEMENTS:
        raise DataError(
            f"{path} has an array of {largest:,} bytes; give arrays of at most {MAX_ELEMENTS:,}."
        )
