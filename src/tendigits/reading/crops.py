"""A folder of frames with labels, which `tendigits read --crops` writes and `train` can read."""

import hashlib
from pathlib import Path
from time import monotonic

from PIL import Image

from tendigits.data.picture_folder import LABELS_FILE, CropEntry, read_entries
from tendigits.errors import PictureError
from tendigits.files import atomic_write, write_text
from tendigits.reading.results import ReadDigit, Reading

# Labels are written this often, as a folder can grow to many thousands.
_SECONDS = 1.0


class CropFolder:
    """Frames as PNG files, and one line for each in `labels.jsonl`.

    A file is named after its picture and its content. So pictures of one name do not overwrite
    each other, and a picture that is read again adds nothing: a line that is there is kept, with
    the label that it was corrected to.
    """

    def __init__(self, folder: Path) -> None:
        """Read the labels that are there.

        Raises:
            DataError: `labels.jsonl` is damaged.
        """
        self._folder = folder
        self._entries = read_entries(folder / LABELS_FILE)
        self._written, self._last = len(self._entries), monotonic()

    def add(self, stem: str, reading: Reading) -> None:
        """Write the frames of a picture; a rejected one has the digit null.

        Args:
            stem: the start of the names of the files.
            reading: what was read in the picture.

        Raises:
            PictureError: the folder cannot be written.
        """
        for digit in reading.digits:
            name = f"{stem}-{hashlib.sha256(digit.frame.tobytes()).hexdigest()[:12]}.png"
            self._write_frame(digit, self._folder / name)
            label = digit.digit if digit.accepted else None
            entry = CropEntry(name, label, digit.accepted, round(digit.confidence, 6))
            self._entries.setdefault(name, entry)
        if monotonic() - self._last >= _SECONDS:
            self.write_labels()

    def write_labels(self) -> None:
        """Write the labels of the frames so far.

        Raises:
            PictureError: the folder cannot be written.
        """
        self._last = monotonic()
        if len(self._entries) == self._written:
            return
        path = self._folder / LABELS_FILE
        try:
            write_text(path, "".join(entry.to_line() for entry in self._entries.values()))
        except OSError as error:
            raise _cannot_write(path, error) from error
        self._written = len(self._entries)

    def _write_frame(self, digit: ReadDigit, path: Path) -> None:
        if path.exists():
            return
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with atomic_write(path) as partial:
                Image.fromarray(digit.frame).save(partial, format="PNG")
        except OSError as error:
            raise _cannot_write(path, error) from error


def _cannot_write(path: Path, error: OSError) -> PictureError:
    return PictureError(
        f"{path} cannot be written: {error.strerror or error}; choose another path."
    )
