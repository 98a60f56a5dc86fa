"""Corrections as images to learn from: frames, and what each should have been read as."""

import io
import zipfile
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tendigits.data import IMAGE_SIZE, NON_DIGIT
from tendigits.errors import DataError

# One in so many is held out, to see whether the others taught anything.
HELD_OUT = 5


@dataclass(frozen=True, eq=False)
class Corrections:
    """Frames that were read wrong.

    Attributes:
        frames: (n, 28, 28) uint8, 0 for paper and 255 for full ink.
        labels: (n,) int64: 0 to 9, and 10 for what is no digit.
    """

    frames: NDArray[np.uint8]
    labels: NDArray[np.int64]

    def __len__(self) -> int:
        """Return how many they are."""
        return len(self.labels)

    @property
    def held_out(self) -> "Corrections":
        """Every fifth, or the last of two to four: not to be learnt from."""
        return self._chosen(~self._learnt)

    @property
    def learnt(self) -> "Corrections":
        """All the others."""
        return self._chosen(self._learnt)

    @property
    def digits(self) -> "Corrections":
        """Those that show a digit."""
        return self._chosen(self.labels != NON_DIGIT)

    @property
    def others(self) -> "Corrections":
        """Those that show none."""
        return self._chosen(self.labels == NON_DIGIT)

    def to_npz(self) -> bytes:
        """Return them as the content of an `.npz` file; the same ones give the same bytes."""
        file = io.BytesIO()
        np.savez(file, frames=self.frames, labels=self.labels)
        return file.getvalue()

    @property
    def _learnt(self) -> NDArray[np.bool_]:
        every = min(HELD_OUT, max(len(self), 2))
        learnt: NDArray[np.bool_] = np.arange(len(self)) % every != every - 1
        return learnt

    def _chosen(self, which: NDArray[np.bool_]) -> "Corrections":
        return Corrections(self.frames[which], self.labels[which])


def corrections_from_npz(content: bytes, name: str) -> Corrections:
    """Read what `to_npz` returned; `name` is what errors call it.

    Raises:
        DataError: it is damaged.
    """
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            frames, labels = arrays["frames"], arrays["labels"]
    except (ValueError, KeyError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise DataError(f"{name} is damaged; export the corrections anew.") from error
    if (
        frames.dtype != np.uint8
        or frames.shape != (len(labels), IMAGE_SIZE, IMAGE_SIZE)
        or labels.dtype != np.int64
        or not ((labels >= 0) & (labels <= NON_DIGIT)).all()
    ):
        raise DataError(f"{name} holds no corrections; export them anew.")
    return Corrections(frames, labels)
