"""What `tendigits read` does with each picture."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tendigits.errors import Interrupted, PictureError
from tendigits.files import to_json
from tendigits.reading.answer import as_answer, as_line
from tendigits.reading.explain import draw_explanation, write_crops
from tendigits.reading.reader import Reader
from tendigits.reading.sources import Source


@dataclass(frozen=True)
class ReadCommand:
    """How pictures are read and told.

    Attributes:
        reader: reads them.
        json: whether a JSON object is printed for each, in place of a line.
        explain: where to draw what was seen; the last picture's stays.
        crops: the folder to write the frames to.
    """

    reader: Reader
    json: bool
    explain: Path | None
    crops: Path | None

    def read_all(self, sources: Sequence[Source], step: Callable[[str, int, int], None]) -> bool:
        """Read pictures one after another; return whether all could be read.

        Args:
            sources: where they are; one is held at a time.
            step: is told what is being done, how many pictures are read and how many there are.

        Raises:
            Interrupted: by Ctrl-C; what was read is printed.
        """
        done, all_read = 0, True
        try:
            for done, source in enumerate(sources):
                step("Reading", done, len(sources))
                all_read &= self.read(source)
        except KeyboardInterrupt:
            raise Interrupted(f"Stopped: {done} of {len(sources)} pictures are read.") from None
        return all_read

    def read(self, source: Source) -> bool:
        """Read one picture and print the answer; return whether it could be read."""
        picture = source.picture()
        (reading,) = self.reader.read_many([picture])
        if isinstance(reading, PictureError):
            if self.json:
                print(to_json(as_answer(source.name, reading)), flush=True)
            else:
                print(f"tendigits: {reading}", file=sys.stderr)
            return False
        if self.explain is not None:
            draw_explanation(picture, reading, self.explain)
        if self.crops is not None:
            write_crops(source.name, reading, self.crops)
        print(
            to_json(as_answer(source.name, reading))
            if self.json
            else as_line(source.name, reading),
            flush=True,
        )
        return True
