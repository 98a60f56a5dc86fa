"""From the database to a data set that `tendigits train --data` takes."""

from pathlib import Path

import numpy as np

from tendigits.data.idx import idx_bytes
from tendigits.errors import DataError, ServerError
from tendigits.feedback.corrections import Corrections
from tendigits.feedback.store import CorrectionStore, StoreUnavailable
from tendigits.files import atomic_write, write_bytes

# Frames that show no digit; a data set of digits has no place for them.
NON_DIGIT_FILE, NON_DIGIT_ARRAY = "non-digit-images-idx3-ubyte", "non_digit"


def load_corrections(url: str) -> Corrections:
    """Return all corrections in the database at `url`, the oldest first.

    Raises:
        ServerError: it is no database, or cannot be reached.
        DataError: there are none in it.
    """
    store = CorrectionStore(url)
    unreadable = ServerError(
        f"The database {store.place} cannot be read; check that it is there and can be reached."
    )
    if store.is_missing:
        raise unreadable
    try:
        found = store.everything()
    except StoreUnavailable as error:
        raise unreadable from error
    finally:
        store.close()
    if not found:
        raise DataError(f"There is no correction in {store.place}; store some first.")
    return Corrections(
        frames=np.stack([each.frame for each in found]),
        labels=np.array([each.correct for each in found], np.int64),
    )


def export_corrections(corrections: Corrections, out: Path) -> str:
    """Write corrections as a data set, and return what was written in a sentence.

    Those of digits become its training part, one in five its test part. Those of what is no digit
    are written beside: `non-digit-images-idx3-ubyte` in a folder, `no_digit` in an `.npz`.

    Args:
        corrections: at least two of digits.
        out: an `.npz` file, or a folder for IDX files.

    Raises:
        DataError: there are too few.
        OSError: `out` cannot be written.
    """
    digits, others = corrections.digits, corrections.others
    if len(digits) < 2:
        raise DataError(
            f"Corrections to a digit: {len(digits)}; a data set needs two, so correct more or use "
            "`tendigits train --from MODEL --add-corrections URL`."
        )
    parts = {"train": digits.learnt, "test": digits.held_out}
    if out.suffix == ".npz":
        _write_npz(parts, others, out)
    else:
        _write_folder(parts, others, out)
    return (
        f"{len(parts['train'])} corrections to learn from, {len(parts['test'])} to test, "
        f"{len(others)} of no digit: {out.absolute()}"
    )


def _write_npz(parts: dict[str, Corrections], others: Corrections, out: Path) -> None:
    arrays = {NON_DIGIT_ARRAY: others.frames}
    for name, part in parts.items():
        arrays |= {f"x_{name}": part.frames, f"y_{name}": part.labels.astype(np.uint8)}
    with atomic_write(out) as partial:
        np.savez_compressed(partial, allow_pickle=False, **arrays)


def _write_folder(parts: dict[str, Corrections], others: Corrections, out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    for prefix, part in (("train", parts["train"]), ("t10k", parts["test"])):
        write_bytes(out / f"{prefix}-images-idx3-ubyte", idx_bytes(part.frames))
        labels = part.labels.astype(np.uint8)
        write_bytes(out / f"{prefix}-labels-idx1-ubyte", idx_bytes(labels))
    write_bytes(out / NON_DIGIT_FILE, idx_bytes(others.frames))
