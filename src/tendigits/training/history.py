"""What each epoch yielded, in memory and as `history.csv`."""

import csv
import io
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from tendigits.errors import RunError
from tendigits.files import write_text


@dataclass(frozen=True)
class EpochResult:
    """What one epoch yielded.

    Attributes:
        epoch: its number, from 1.
        seconds: how long its training steps took.
        milliseconds_per_step: the same, a step.
        accuracy: the share of its training images that were right when they were learnt from.
        loss: their mean cross-entropy, in nats.
        val_accuracy: the share of the validation images that were right after the epoch.
        val_loss: their mean cross-entropy, in nats.
    """

    epoch: int
    seconds: float
    milliseconds_per_step: float
    accuracy: float
    loss: float
    val_accuracy: float
    val_loss: float

    def line(self, epochs: int) -> str:
        """Return the result as Keras prints it, `epochs` being how many there are in all."""
        return (
            f"Epoch {self.epoch}/{epochs} - {self.seconds:.1f}s"
            f" - {self.milliseconds_per_step:.1f}ms/step"
            f" - accuracy: {self.accuracy:.4f} - loss: {self.loss:.4f}"
            f" - val_accuracy: {self.val_accuracy:.4f} - val_loss: {self.val_loss:.4f}"
        )


def write_history(path: Path, history: Sequence[EpochResult]) -> None:
    """Write `history` to `path` whole, as CSV."""
    text = io.StringIO()
    writer = csv.DictWriter(
        text, [field.name for field in fields(EpochResult)], lineterminator="\n"
    )
    writer.writeheader()
    writer.writerows(asdict(result) for result in history)
    write_text(path, text.getvalue())


def read_history(path: Path) -> list[EpochResult]:
    """Read what `write_history` wrote; an absent file is an empty history.

    Raises:
        RunError: the file is damaged.
    """
    if not path.exists():
        return []
    try:
        with path.open(newline="", encoding="utf-8") as file:
            return [
                EpochResult(int(epoch), *(float(value) for value in values))
                for epoch, *values in list(csv.reader(file))[1:]
            ]
    except (ValueError, TypeError, csv.Error) as error:
        raise RunError(f"{path} is damaged ({error}); train the run anew.") from error
