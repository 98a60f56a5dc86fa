"""The record of a training: the results of each epoch (`history.csv`), the log (`log.jsonl`)."""

import csv
import io
import os
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path

from pydantic import TypeAdapter

from tendigits.errors import RunError
from tendigits.files import to_json, write_text


@dataclass(frozen=True)
class EpochResult:
    """The results of an epoch.

    Attributes:
        epoch: its number, from 1.
        seconds: the duration of its training steps.
        milliseconds_per_step: the mean duration of a step.
        accuracy: accuracy on its training images, each predicted just before it is trained on.
        loss: mean cross-entropy on the same, in nats.
        val_accuracy: accuracy on the validation images after the epoch; None where none are held
            out.
        val_loss: mean cross-entropy on the validation images, in nats.
        images_per_second: training images per second of its steps.
        data_milliseconds_per_step: the part of a step in which its batch is made.
    """

    epoch: int
    seconds: float
    milliseconds_per_step: float
    accuracy: float
    loss: float
    val_accuracy: float | None
    val_loss: float | None
    images_per_second: float
    data_milliseconds_per_step: float

    def line(self, epochs: int) -> str:
        """Return the result in one line, as Keras prints it; `epochs` is their number in total."""
        validation = (
            f" - val_accuracy: {self.val_accuracy:.4f} - val_loss: {self.val_loss:.4f}"
            if self.val_accuracy is not None
            else ""
        )
        return (
            f"Epoch {self.epoch}/{epochs} - {self.seconds:.1f}s"
            f" - {self.milliseconds_per_step:.1f}ms/step"
            f" - accuracy: {self.accuracy:.4f} - loss: {self.loss:.4f}"
            f"{validation}"
        )


_COLUMNS = [field.name for field in fields(EpochResult)]
_HISTORY = TypeAdapter(list[EpochResult])


@dataclass(frozen=True)
class StepTimes:
    """What the training steps of an epoch took.

    Attributes:
        seconds: the duration of all steps.
        data_seconds: the part of it in which batches were made or waited for.
        steps: their number.
        images: the number of images or pages that were trained on.
    """

    seconds: float
    data_seconds: float
    steps: int
    images: int

    def result(
        self,
        epoch: int,
        loss: float,
        accuracy: float,
        val_loss: float | None,
        val_accuracy: float | None,
    ) -> EpochResult:
        """Return the results of the epoch with these figures; see `EpochResult`."""
        return EpochResult(
            epoch=epoch,
            seconds=self.seconds,
            milliseconds_per_step=1000 * self.seconds / self.steps,
            accuracy=accuracy,
            loss=loss,
            val_accuracy=val_accuracy,
            val_loss=val_loss,
            images_per_second=self.images / self.seconds,
            data_milliseconds_per_step=1000 * self.data_seconds / self.steps,
        )


def write_history(path: Path, history: Sequence[EpochResult]) -> None:
    """Write `history` to `path` as CSV; the file is replaced atomically."""
    text = io.StringIO()
    writer = csv.DictWriter(text, _COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(result) for result in history)
    write_text(path, text.getvalue())


def has_stalled(history: Sequence[EpochResult], patience: int | None) -> bool:
    """Return whether none of the last `patience` epochs lowered the validation loss."""
    losses = [result.val_loss for result in history if result.val_loss is not None]
    if patience is None or len(losses) <= patience:
        return False
    return min(losses[-patience:]) >= min(losses[:-patience])


def mean_history(histories: Sequence[Sequence[EpochResult]]) -> list[EpochResult]:
    """Return the mean of several networks' results, epoch by epoch, and the sum of the seconds.

    Epochs that not all networks have are left out.
    """
    return [_mean_result(results) for results in zip(*histories, strict=False)]


def _mean_result(results: Sequence[EpochResult]) -> EpochResult:
    columns = {name: [getattr(result, name) for result in results] for name in _COLUMNS}
    means = {
        name: statistics.mean(values) if None not in values else None
        for name, values in columns.items()
    }
    return EpochResult(**{**means, "epoch": results[0].epoch, "seconds": sum(columns["seconds"])})


def read_history(path: Path) -> list[EpochResult]:
    """Read the file of `write_history`; a missing file is an empty history.

    Raises:
        RunError: the file is damaged.
    """
    if not path.exists():
        return []
    try:
        with path.open(newline="", encoding="utf-8") as file:
            header, *rows = csv.reader(file)
        values = [
            {name: text or None for name, text in zip(header, row, strict=True)} for row in rows
        ]
        if header != _COLUMNS:
            raise ValueError("its columns have other names")  # noqa: TRY301 - reported below
        return _HISTORY.validate_python(values)
    except (ValueError, csv.Error) as error:
        reason = str(error).partition("\n")[0]
        raise RunError(f"{path} is damaged ({reason}); train again.") from error


class RunLog:
    """Appends events to `log.jsonl`, one JSON object per line."""

    def __init__(self, path: Path) -> None:
        self._path = path
        _remove_unfinished_line(path)

    def write(self, event: str, **values: object) -> None:
        """Append one line: the time in UTC, the event's name, its values."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = to_json({"time": now, "event": event, **values})
        with self._path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")


def _remove_unfinished_line(path: Path) -> None:
    # A process that was killed may have left the start of a line.
    if path.exists():
        complete = path.read_bytes().rpartition(b"\n")
        os.truncate(path, len(complete[0]) + len(complete[1]))
