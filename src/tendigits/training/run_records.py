"""What a run folder records about its data."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field, PositiveInt

from tendigits.data import CLASSES
from tendigits.data.idx import MAX_ELEMENTS
from tendigits.errors import RunError
from tendigits.files import Record, parse_json

KEPT_DATA = "data.npz"


@dataclass(frozen=True)
class DataRecord:
    """The data set of a run: `data.json`.

    Attributes:
        name: its name.
        source: the argument of `load_dataset` that loads it; `data.npz` for that file of the run
            folder, which keeps a data set that was in memory.
        training_images: the number of images of its training part, validation images included.
        test_images: the number of images of its test part.
        class_names: what the ten labels mean, in order.
        sha256: SHA-256 of each part as an uncompressed IDX file.
        notes: what was done to the images that were given, such as holding out a test part.
    """

    name: str
    source: str
    training_images: Annotated[int, Field(gt=0, le=MAX_ELEMENTS)]
    test_images: PositiveInt
    class_names: Annotated[tuple[str, ...], Field(min_length=CLASSES, max_length=CLASSES)]
    sha256: dict[str, str]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class SplitRecord:
    """The training images that a run holds out: `split.json`.

    Attributes:
        of: the number of training images.
        validation: the indices of those held out.
    """

    of: int
    validation: list[Annotated[int, Field(ge=0, lt=MAX_ELEMENTS)]]


def read_record(path: Path, kind: type[Record]) -> Record:
    """Read the JSON file `path` of a run as a `kind`, a dataclass.

    Raises:
        RunError: the file is missing, or does not hold exactly the fields of `kind`.
    """
    try:
        return parse_json(path.read_bytes(), kind)
    except OSError as error:
        raise RunError(f"{path} cannot be read ({error.strerror}); train again.") from error
    except ValueError as error:
        raise RunError(f"{path} is damaged ({error}); train again.") from error
