"""Load a data set from the catalogue, a folder of IDX files or an .npz file."""

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
# Raised by zipfile, its decompressors and NumPy for a damaged file.
_DAMAGED_NPZ = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    RuntimeError,
)


def no_progress(file: str, done: int, total: int) -> None:
    """Ignore the progress of a download."""


def load_dataset(source: str | Path = "mnist", progress: Progress = no_progress) -> Dataset:
    """Load a data set and check it.

    Args:
        source: `mnist` (ships with the package), `fashion-mnist` or `kmnist` (downloaded into the
            cache on first use), a folder with four IDX files named like MNIST's (plain or .gz), or
            an `.npz` file in Keras's format, with `x_train`, `y_train`, `x_test` and `y_test`.
        progress: called with a file's name, the bytes received and the bytes in total.

    Returns:
        The data set: images (n, 28, 28) uint8, labels (n,) int64.

    Raises:
        DataError: the source is unknown, missing, damaged or in another format.
    """
    if str(source) in CATALOGUE:
        return _from_catalogue(CATALOGUE[str(source)], progress)
    path = Path(source)
    if path.is_dir():
        return _from_folder(path.absolute(), path.absolute().name, DIGITS, str(path.absolute()))
    if path.is_file():
        return _from_npz(path.absolute())
    nearest = difflib.get_close_matches(str(source).lower(), CATALOGUE, n=1)
    hint = f"did you mean {nearest[0]}?" if nearest else f"known names: {', '.join(CATALOGUE)}."
    raise DataError(f"{source} is not a folder, a file or the name of a data set; {hint}")


def _from_catalogue(entry: CatalogueEntry, progress: Progress) -> Dataset:
    bundled = not entry.mirrors
    folder = _BUNDLED / entry.name if bundled else cache_folder() / entry.name
    if not bundled:
        fetch(entry, folder, progress)
    dataset = _from_folder(folder, entry.name, entry.class_names, entry.name)
    if bundled:
        _check_checksums(dataset.checksums, entry.sha256, folder)
    return dataset


def _check_checksums(found: Mapping[str, str], published: Mapping[str, str], folder: Path) -> None:
    for name, sha256 in published.items():
        if found[name] != sha256:
            raise DataError(
                f"{folder / name} differs from the published file (its SHA-256 is {found[name]}); "
                "reinstall the package."
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
        train=checked_images(train_images, train_labels, f"{folder} (training part)"),
        test=checked_images(test_images, test_labels, f"{folder} (test part)"),
    )


def _find_idx(folder: Path, file: str) -> Path:
    # Some mirrors use names with ".idx3-ubyte"; the published name is tried first.
    names = [file, file + ".gz", file.replace("-idx", ".idx"), file.replace("-idx", ".idx") + ".gz"]
    for name in names:
        if (folder / name).is_file():
            return folder / name
    raise DataError(f"{folder} has neither {file} nor {file}.gz; add the four IDX files.")


def _from_npz(path: Path) -> Dataset:
    arrays = _read_npz(path)
    return Dataset(
        name=path.stem,
        source=str(path),
        class_names=DIGITS,
        train=checked_images(arrays["x_train"], arrays["y_train"], f"{path} (training part)"),
        test=checked_images(arrays["x_test"], arrays["y_test"], f"{path} (test part)"),
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
        raise DataError(f"{path} is not a valid .npz file; download or save it again.") from error
    except (ValueError, MemoryError) as error:
        reason = str(error).partition("\n")[0].rstrip(".")
        raise DataError(
            f"{path} has an array that cannot be loaded ({reason}); save arrays of numbers with "
            "numpy.savez."
        ) from error
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}.") from error


def _check_npz_members(sizes: Mapping[str, int], path: Path) -> None:
    missing = [name for name in NPZ_ARRAYS if name not in sizes]
    if missing:
        raise DataError(f"{path} has no array {missing[0]}; save {', '.join(NPZ_ARRAYS)} in it.")
    largest = max(sizes[name] for name in NPZ_ARRAYS)
    if largest > MAX_ELEMENTS:
        raise DataError(
            f"{path} has an array of {largest:,} bytes; give arrays of at most {MAX_ELEMENTS:,}."
        )
