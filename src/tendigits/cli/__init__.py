"""The command line: one function per command; errors are one line, with exit code 2."""

import io
import sys
from typing import NoReturn

from tendigits.errors import Interrupted, TendigitsError, reports_missing_extra

EXIT_USER_ERROR = 2
EXIT_INTERRUPTED = 130


def main() -> None:
    """Run the command line; print errors that a user can fix in one line, and exit with 2."""
    for stream in (sys.stdout, sys.stderr):  # names of files need not be valid UTF-8
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        if _run() == EXIT_INTERRUPTED:
            _fail("Stopped.", EXIT_INTERRUPTED)
    except Interrupted as stop:
        _fail(str(stop), EXIT_INTERRUPTED)
    except TendigitsError as error:
        _fail(str(error), EXIT_USER_ERROR)
    except BrokenPipeError:
        sys.stderr.close()  # whatever read our output has ended; Python would complain at exit
        raise SystemExit(1) from None
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        _fail(
            f"{error.strerror or error}{where}; free some space or choose another folder.",
            EXIT_USER_ERROR,
        )


@reports_missing_extra
def _run() -> object:
    words = sys.argv[1:]
    if words[:1] == ["read"] and len(words) > 1 and not any(_is_option(word) for word in words):
        # Without options there is nothing to parse, and Typer takes longer to import than a
        # picture takes to read.
        from tendigits.cli.read_pictures import read_without_options

        read_without_options(words[1:])
        return None
    from tendigits.cli.app import run

    return run()


def _is_option(word: str) -> bool:
    return word.startswith("-") and word != "-"


def _fail(sentence: str, exit_code: int) -> NoReturn:
    print(f"tendigits: {sentence}", file=sys.stderr)
    raise SystemExit(exit_code)
