"""Corrections as labelled images: to fine-tune a model on, or to export as a data set."""

import io
import os
import zipfile
from pathlib import Path

import numpy as np
import platformdirs

from tendigits.data import IMAGE_SIZE, NON_DIGIT, Dataset, LabelledImages
from tendigits.data.catalogue import DIGITS
from tendigits.data.dataset import split_by_content
from tendigits.data.idx import idx_bytes
from tendigits.data.load import NON_DIGIT_FILE
from tendigits.data.npz_file import write_npz
from tendigits.errors import DataError, ServerError, reports_missing_extra
from tendigits.files import write_bytes

DATABASE_VARIABLE = "TENDIGITS_DATABASE"


def default_database() -> str:
    """Return the URL in `TENDIGITS_DATABASE`, else that of an SQLite file in the data folder."""
    file = platformdirs.user_data_path("tendigits") / "corrections.sqlite"
    return os.environ.get(DATABASE_VARIABLE) or f"sqlite:///{file}"


@reports_missing_extra
def load_corrections(url: str) -> LabelledImages:
    """Return all corrections in the database at `url`, the oldest first.

    The images are the frames that were read incorrectly, with their correct labels.

    Raises:
        ServerError: `url` is not that of a database, or the database cannot be reached.
        DataError: the database holds no corrections.
    """
    from tendigits.feedback.store import CorrectionStore, StoreUnavailable  # noqa: PLC0415

    store = CorrectionStore(url)
    unreadable = ServerError(
        f"The database {store.display_url} cannot be read; check that it exists and can be reached."
    )
    if store.is_missing:
        raise unreadable
    try:
        found = store.all()
    except StoreUnavailable as error:
        raise unreadable from error
    finally:
        store.close()
    if not found:
        raise DataError(f"There are no corrections in {store.display_url}; store some first.")
    return LabelledImages(
        images=np.stack([each.frame for each in found]),
        labels=np.array([each.correct for each in found], np.int64),
    )


def split_corrections(corrections: LabelledImages) -> tuple[LabelledImages, LabelledImages]:
    """Return the corrections to train on and those to hold out, one in five, by their content.

    The same images are held out as in a data set without a test part; see `split_by_content`.
    """
    trained_on, held_out = split_by_content(corrections.images)
    return corrections.subset(trained_on), corrections.subset(held_out)


def only_digits(corrections: LabelledImages) -> LabelledImages:
    """Return the corrections to a digit."""
    return corrections.subset(corrections.labels != NON_DIGIT)


def only_non_digits(corrections: LabelledImages) -> LabelledImages:
    """Return the corrections to a non-digit."""
    return corrections.subset(corrections.labels == NON_DIGIT)


def corrections_to_npz(corrections: LabelledImages) -> bytes:
    """Return the content of an `.npz` file; the same corrections give the same bytes."""
    file = io.BytesIO()
    np.savez(file, frames=corrections.images, labels=corrections.labels)
    return file.getvalue()


def corrections_from_npz(content: bytes, name: str) -> LabelledImages:
    """Read what `corrections_to_npz` returned; errors call it `name`.

    Raises:
        DataError: the content is damaged.
    """
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            frames, labels = arrays["frames"], arrays["labels"]
    except (ValueError, KeyError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise DataError(f"{name} is damaged; export the corrections again.") from error
    corrections = LabelledImages(frames, labels)
    check_corrections(corrections, name)
    return corrections


def check_corrections(corrections: LabelledImages, name: str = "The corrections") -> None:
    """Check that corrections are images (n, 28, 28) uint8 with labels (n,) int64 from 0 to 10.

    Raises:
        DataError: they are not; the message calls them `name`.
    """
    images, labels = corrections.images, corrections.labels
    if (
        images.dtype != np.uint8
        or images.shape != (len(labels), IMAGE_SIZE, IMAGE_SIZE)
        or labels.dtype != np.int64
        or not ((labels >= 0) & (labels <= NON_DIGIT)).all()
    ):
        raise DataError(
            f"{name}: {images.dtype} images of shape {images.shape} and {labels.dtype} labels; "
            "corrections are uint8 images (n, 28, 28) with int64 labels from 0 to 10."
        )


def export_corrections(corrections: LabelledImages, out: Path) -> str:
    """Write corrections as a data set, and return a sentence with the counts and the path.

    One correction to a digit in five becomes the test part, the others the training part.
    Non-digits are written beside them: as `non-digit-images-idx3-ubyte` in a folder, as the array
    `non_digit` in an `.npz` file.

    Args:
        corrections: at least two of them to a digit.
        out: an `.npz` file, or a folder for IDX files.

    Raises:
        DataError: there are fewer than two corrections to a digit.
        OSError: `out` cannot be written.
    """
    digits, non_digits = only_digits(corrections), only_non_digits(corrections)
    if len(digits) < 2:
        raise DataError(
            f"Corrections to a digit: {len(digits)}; a data set needs two, so correct more or use "
            "`tendigits train --from MODEL --add-corrections URL`."
        )
    train, test = split_corrections(digits)
    if not len(test):
        raise DataError("All corrections are the same image; correct others, too.")
    dataset = Dataset(out.stem, None, DIGITS, train, test, non_digits=non_digits.images)
    write = write_npz if out.suffix == ".npz" else _write_folder
    write(dataset, out)
    return (
        f"{len(train)} corrections for training, {len(test)} for testing, "
        f"{len(non_digits)} non-digits: {out.absolute()}"
    )


def _write_folder(dataset: Dataset, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for prefix, part in (("train", dataset.train), ("t10k", dataset.test)):
        write_bytes(folder / f"{prefix}-images-idx3-ubyte", idx_bytes(part.images))
        labels = part.labels.astype(np.uint8)
        write_bytes(folder / f"{prefix}-labels-idx1-ubyte", idx_bytes(labels))
    write_bytes(folder / NON_DIGIT_FILE, idx_bytes(dataset.non_digits))
