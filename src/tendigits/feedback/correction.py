"""What a correction is."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class NewCorrection:
    """What a client sends.

    Attributes:
        key: the client's name for it; the same key is stored once.
        frame: (28, 28) uint8, what the network saw.
        read: what was read, 0 to 9, or 10 (NON_DIGIT) for what is no digit.
        correct: what it should have been, likewise.
        model: the model that the server read with.
    """

    key: str
    frame: NDArray[np.uint8]
    read: int
    correct: int
    model: str


@dataclass(frozen=True, eq=False)
class Correction(NewCorrection):
    """A correction that is stored.

    Attributes:
        id: its number; later ones have larger numbers.
        created: when it was stored, in UTC.
    """

    id: int
    created: datetime

    def says(self, other: NewCorrection) -> bool:
        """Tell whether it is what `other` says; the model may be another."""
        return (self.key, self.read, self.correct, self.frame.tobytes()) == (
            other.key,
            other.read,
            other.correct,
            other.frame.tobytes(),
        )
