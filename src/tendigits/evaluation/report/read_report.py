"""Reading a report back."""

from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from tendigits.errors import ReportError
from tendigits.evaluation.report.contents import Report


def read_report(path: str | Path) -> Report:
    """Read a report's figures.

    Args:
        path: a report's folder, or its report.json.

    Raises:
        ReportError: there is none, or it is damaged or of another version.
    """
    path = Path(path) / "report.json" if Path(path).is_dir() else Path(path)
    try:
        return TypeAdapter(Report).validate_json(path.read_bytes(), strict=True, extra="forbid")
    except OSError as error:
        raise ReportError(f"{path} cannot be read: {error.strerror}.") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ReportError(
            f"{path} is no report that this version reads ({place}: {first['msg'].lower()}); make "
            "it anew with `tendigits evaluate --full`."
        ) from error


def is_report(path: str | Path) -> bool:
    """Tell whether `path` is a report's folder or a JSON file."""
    return (Path(path) / "report.json").is_file() or Path(path).suffix == ".json"
