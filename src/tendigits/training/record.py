"""Reading what a run has written about itself: checked, and rejected in one sentence."""

from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from tendigits.errors import RunError

Record = TypeVar("Record")


def read_record(path: Path, kind: type[Record]) -> Record:
    """Read the JSON file `path` as a `kind`, a dataclass.

    Raises:
        RunError: the file is missing, or does not hold exactly the fields of `kind`.
    """
    try:
        return TypeAdapter(kind).validate_json(path.read_bytes(), strict=True, extra="forbid")
    except OSError as error:
        raise RunError(f"{path} cannot be read ({error.strerror}); train anew.") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        reason = f"{place}: {first['msg']}" if place else first["msg"]
        raise RunError(f"{path} is damaged ({reason}); train anew.") from error
