"""Load a data set from the catalogue, a folder, a file or memory."""

import difflib
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tendigits.data.catalogue import CATALOGUE, DIGITS, IDX_FILES, CatalogueEntry
from tendigits.data.convert import labelled_images
from tendigits.data.csv_file import read_csv
from tendigits.data.dataset import (
    IMAGE_SIZE,
    NON_DIGIT,
    Dataset,
    LabelledImages,
    checked_images,
    split_by_content,
)
from tendigits.data.download import Progress, cache_folder, fetch
from tendigits.data.idx import read_idx
from tendigits.data.in_memory import NAME, load_parts
from tendigits.data.npz_file import NON_DIGIT_ARRAY, read_npz
from tendigits.data.picture_folder import (
    LABELS_FILE,
    find_class_folders,
    load_crops,
    load_pictures,
)
from tendigits.errors import DataError

# Arrays, or a data set of torch or Hugging Face; see `load_dataset`.
DataSource = str | Path | Dataset | Any
NON_DIGIT_FILE = "non-digit-images-idx3-ubyte"
_BUNDLED = Path(__file__).parent


def no_progress(file: str, done: int, total: int) -> None:
    """Ignore the progress of a download."""


def load_dataset(source: DataSource = "mnist", progress: Progress = no_progress) -> Dataset:
    """Load a data set and check it.

    Where there is no test part, one image in five is held out as such (see `split_by_content`),
    and `all_notes` says so, as it says what else was done to the images.

    Args:
        source: one of
            - `mnist` (ships with the package), `fashion-mnist` or `kmnist` (downloaded into the
              cache on first use);
            - a folder with four IDX files named like MNIST's (plain or .gz);
            - a folder with one folder of pictures per class, called 0 to 9 (or ten others), also
              below `train` and `test`; the digit of a picture becomes a frame as in `read`;
            - a folder that `tendigits read --crops` wrote, with corrected labels;
            - a CSV file with a label and 784 grey levels in each row, as on Kaggle;
            - an `.npz` file with `x_train`, `y_train`, `x_test` and `y_test`, or with `X` and `y`;
            - arrays in memory, (x, y) or (x, y, x_test, y_test), see `labelled_images`;
            - a data set of torch or an image data set of Hugging Face, or two of them;
            - a data set that was loaded, which is returned as it is.
        progress: called with a file's name, what is done and what there is in total.

    Returns:
        The data set: images (n, 28, 28) uint8, labels (n,) int64.

    Raises:
        DataError: the source is unknown, missing, damaged or in another format.
    """
    if isinstance(source, Dataset):
        return source
    if not isinstance(source, str | Path):
        parts = load_parts(source)
        return _dataset(NAME, None, parts.train, parts.test, parts.notes)
    if str(source) in CATALOGUE:
        return _from_catalogue(CATALOGUE[str(source)], progress)
    path = Path(source)
    if path.is_dir():
        return _from_any_folder(path.absolute(), progress)
    if path.is_file():
        return _from_file(path.absolute())
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


def _from_any_folder(folder: Path, progress: Progress) -> Dataset:
    if (folder / LABELS_FILE).is_file():
        frames, notes = load_crops(folder)
        return _dataset(folder.name, str(folder), frames, None, notes)
    if any("-ubyte" in path.name for path in folder.iterdir()):
        dataset = _from_folder(folder, folder.name, DIGITS, str(folder))
        path = folder / NON_DIGIT_FILE
        if not path.is_file():
            return dataset
        return replace(dataset, non_digits=_frames(read_idx(path, dimensions=3), str(path)))
    found = find_class_folders(folder)
    if found is None:
        raise DataError(
            f"{folder} is not a data set; give four IDX files, one folder of pictures per class, "
            f"or frames with {LABELS_FILE}."
        )
    train, test = load_pictures(found.train, folder, progress), None
    notes = train.notes
    if found.test is not None:
        loaded = load_pictures(found.test, folder, progress)
        test, notes = loaded.images, (*notes, *loaded.notes)
    return _dataset(folder.name, str(folder), train.images, test, notes, found.class_names)


def _from_file(path: Path) -> Dataset:
    if path.suffix.lower() == ".csv":
        images, labels = read_csv(path)
        found, notes = labelled_images(images, labels, str(path))
        return _dataset(path.stem, str(path), found, None, notes)
    if path.suffix.lower() != ".npz" and not zipfile.is_zipfile(path):
        raise DataError(
            f"{path} is neither a CSV nor an .npz file; give one of them, or a folder of pictures "
            "or IDX files."
        )
    arrays = read_npz(path)
    train, notes = labelled_images(arrays["x_train"], arrays["y_train"], f"{path} (training part)")
    test = None
    if "x_test" in arrays:
        test, test_notes = labelled_images(
            arrays["x_test"], arrays["y_test"], f"{path} (test part)"
        )
        notes = (*notes, *test_notes)
    dataset = _dataset(path.stem, str(path), train, test, notes)
    if NON_DIGIT_ARRAY not in arrays:
        return dataset
    name = f"{path}: {NON_DIGIT_ARRAY}"
    return replace(dataset, non_digits=_frames(arrays[NON_DIGIT_ARRAY], name))


def _frames(images: NDArray[Any], name: str) -> NDArray[np.uint8]:
    if images.shape[1:] != (IMAGE_SIZE, IMAGE_SIZE) or images.dtype != np.uint8:
        raise DataError(f"{name} has no images (n, 28, 28) uint8; correct it.")
    return images.astype(np.uint8, copy=False)


def _dataset(
    name: str,
    source: str | None,
    train: LabelledImages,
    test: LabelledImages | None,
    notes: tuple[str, ...],
    class_names: tuple[str, ...] = DIGITS,
) -> Dataset:
    """Return a data set; without a test part, one image in five is held out."""
    is_digit = train.labels != NON_DIGIT
    digits, non_digits = train.subset(is_digit), train.images[~is_digit]
    if test is not None:
        return Dataset(name, source, class_names, digits, test, notes, non_digits=non_digits)
    trained_on, held_out = split_by_content(digits.images)
    if not held_out.any():
        raise DataError(
            f"{source or 'The data'} has no test part, and {len(digits)} images of which none can "
            "be held out; give at least two different ones."
        )
    return Dataset(
        name=name,
        source=source,
        class_names=class_names,
        train=digits.subset(trained_on),
        test=digits.subset(held_out),
        notes=notes,
        has_own_test=False,
        non_digits=non_digits,
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
