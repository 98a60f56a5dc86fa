"""The errors that users can cause; each message is one sentence that says what to do."""

import functools
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ParamSpec, TypeVar

# The libraries that each extra of `pip install` brings.
_EXTRAS = {
    "train": (
        "torch",
        "safetensors",
        "matplotlib",
        "onnx",
        "onnxscript",
        "jinja2",
        "scipy",
        "filelock",
    ),
    "documents": ("pypdfium2", "pi_heif"),
    "scale": ("optuna", "ray", "pyarrow", "fsspec"),
    "sklearn": ("sklearn",),
    "serve": (
        "fastapi",
        "fastapi_offline",
        "prometheus_client",
        "psycopg",
        "pydantic_settings",
        "python_multipart",
        "sqlalchemy",
        "uvicorn",
    ),
}

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


class TendigitsError(Exception):
    """The base class; the command line prints the message in one line and exits with 2."""


class DataError(TendigitsError):
    """A data set is missing, damaged or in an unsupported format."""


class RecipeError(TendigitsError):
    """A recipe or a setting is unknown, or a value is invalid."""


class RunError(TendigitsError):
    """A run folder is missing, damaged or in use."""


class ModelError(TendigitsError):
    """A model file is missing, damaged or in an unsupported format."""


class ReportError(TendigitsError):
    """A report is missing or damaged, or cannot be written."""


class PictureError(TendigitsError):
    """A picture is missing, damaged or exceeds a limit."""


class UnsupportedPictureError(PictureError):
    """A picture or document needs a library that is not installed."""


class PatternError(TendigitsError):
    """A pattern or a length that a number should have is invalid."""


class ServerError(TendigitsError):
    """A setting, the address or the database of the server is invalid or not available."""


class MissingExtraError(TendigitsError):
    """A command needs libraries of one of the package's extras that is not installed."""


class Interrupted(TendigitsError):  # noqa: N818 - not an error of the user
    """Work was interrupted by Ctrl-C; finished parts are kept."""


class TrainingInterrupted(Interrupted):
    """Training was interrupted by Ctrl-C; the run can be resumed."""


@contextmanager
def delayed_interrupts() -> Iterator[None]:
    """Delay Ctrl-C to the end of a block; a process that is started in it never receives Ctrl-C.

    Libraries in C turn a KeyboardInterrupt during their import into other errors.
    """
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def missing_extra(error: ModuleNotFoundError, what: str = "This") -> MissingExtraError | None:
    """Return the error that names the extra to install; None where no extra brings the library.

    Args:
        error: names the library.
        what: what needs it, as the beginning of the sentence.
    """
    library = (error.name or "").partition(".")[0]
    for extra, libraries in _EXTRAS.items():
        if library in libraries:
            return MissingExtraError(
                f"{what} needs {library}; install it with: pip install 'tendigits[{extra}]'"
            )
    return None


def reports_missing_extra(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Let `function`, which imports what it needs when it is called, raise MissingExtraError."""

    @functools.wraps(function)
    def call(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        try:
            return function(*args, **kwargs)
        except ModuleNotFoundError as error:
            raise missing_extra(error) or error from error

    return call
