"""Loading a data set: by its catalogue name, from a folder of IDX files, or from an .npz."""

import difflib
import lzma
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tendigits.data.catalogue import CATALOGUE, DIGITS, IDX_FILES, CatalogueEntry
from tendigits.data.dataset import Dataset, checked_images
from tendigits.data.download import Progress, cache_folder, fetch
from tendigits.data.idx import MAX_ELEMENTS, read_idx
from tendigits.errors import DataError

NPZ_ARRAYS = ("x_train", "y_train", "x_test", "y_test")
_BUNDLED = Path(__file__).parent
# What zipfile, its decompressors and NumPy raise when bytes of the file are wrong.
_DAMAGED_NPZ = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    RuntimeError,
)


def no_progress(file: str, done: int, total: int) -> None:
    """Say nothing about a download."""


def load_dataset(source: str | Path = "mnist", progress: Progress = no_progress) -> Dataset:
    """Load a data set and check it.

    Args:
        source: `mnist` (comes with the package), `fashion-mnist` or `kmnist` (downloaded once
            into the cache), a folder of the four IDX files of MNIST's names (plain or .gz), or
            an `.npz` with `x_train, y_train, x_test, y_test` as Keras lays it out.
        progress: is told how far a download is.

    Returns:
        The data set: images (n, 28, 28) uint8, labels (n,) int64.

    Raises:
        DataError: the source is unknown, missing, damaged or of another form.
    """
    if str(source) in CATALOGUE:
        return _from_catalogue(CATALOGUE[str(source)], progress)
    path = Path(source)
    if path.is_dir():
        return _from_folder(path.absolute(), path.absolute().name, DIGITS, str(path.absolute()))
    if path.is_file():
        return _from_npz(path.absolute())
    nearest = difflib.get_close_matches(str(source).lower(), CATALOGUE, n=1)
    hint = f"did you mean {nearest[0]}?" if nearest else f"known are {', '.join(CATALOGUE)}."
    raise DataError(f"{source} is neither a folder, a file nor a data set known by name; {hint}")


def _from_catalogue(entry: CatalogueEntry, progress: Progress) -> Dataset:
    bundled = not entry.mirrors
    folder = _BUNDLED / entry.name if bundled else cache_folder() / entry.name
    if not bundled:
        fetch(entry, folder, progress)
    dataset = _from_folder(folder, entry.name, entry.class_names, entry.name)
    if bundled:
        _check_sums(dataset.checksums, entry.sha256, folder)
    return dataset


def _check_sums(found: Mapping[str, str], published: Mapping[str, str], folder: Path) -> None:
    for name, sha256 in published.items():
        if found[name] != sha256:
            raise DataError(
                f"{folder / name} is not the published file (its SHA-256 is {found[name]}); "
                "install the package again."
            )


def _from_folder(folder: Path, name: str, class_names: tuple[str, ...], source: str) -> Dataset:
    train_images, train_labels, test_images, test_labels = (
        read_idx(_find_idx(folder, file), dimensions=3 if "images" in file else 1)
        for file in IDX_FILES
    )
    return Dataset(
        name=name,
        source=source,
        class_names=class_names,
        train=checked_images(train_images, train_labels, f"{folder}'s training part"),
        test=checked_images(test_images, test_labels, f"{folder}'s test part"),
    )


def _find_idx(folder: Path, file: str) -> Path:
    # Some mirrors write ".idx3-ubyte"; the published name is tried first.
    names = [file, file + ".gz", file.replace("-idx", ".idx"), file.replace("-idx", ".idx") + ".gz"]
    for name in names:
        if (folder / name).is_file():
            return folder / name
    raise DataError(f"{folder} holds neither {file} nor {file}.gz; put the four IDX files there.")


def _from_npz(path: Path) -> Dataset:
    arrays = _read_npz(path)
    return Dataset(
        name=path.stem,
        source=str(path),
        class_names=DIGITS,
        train=checked_images(arrays["x_train"], arrays["y_train"], f"{path}'s training part"),
        test=checked_images(arrays["x_test"], arrays["y_test"], f"{path}'s test part"),
    )


def _read_npz(path: Path) -> dict[str, NDArray[np.generic]]:
    try:
        with zipfile.ZipFile(path) as archive:
            sizes = {
                info.filename.removesuffix(".npy"): info.file_size for info in archive.infolist()
            }
        _check_npz_members(sizes, path)
        with np.load(path, allow_pickle=False) as arrays:
            return {name: np.asarray(arrays[name]) for name in NPZ_ARRAYS}
    except _DAMAGED_NPZ as error:
        raise DataError(f"{path} is no .npz file or a damaged one; fetch it again.") from error
    except (ValueError, MemoryError) as error:
        reason = str(error).partition("\n")[0].rstrip(".")
        raise DataError(
            f"{path} holds an array that cannot be read ({reason}); save plain numbers with "
            "numpy.savez."
        ) from error
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}.") from error


def _check_npz_members(sizes: Mapping[str, int], path: Path) -> None:
    missing = [name for name in NPZ_ARRAYS if name not in sizes]
    if missing:
        raise DataError(
            f"{path} lacks the array {missing[0]}; it needs {', '.join(NPZ_ARRAYS)} as Keras "
            "lays them out."
        )
    largest = max(sizes[name] for name in NPZ_ARRAYS)
    if largest > MAX_ELEMENTS:
        raise DataError(
            f"{path} holds an array of {largest:,} bytes; give arrays of {MAX_ELEMENTS:,} at most."
        )
