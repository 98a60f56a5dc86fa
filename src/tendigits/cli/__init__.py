"""The command line: one function per command; errors are one line, with exit code 2."""

import sys
from typing import Annotated, NoReturn

import typer
from typer.exceptions import TyperException

import tendigits
from tendigits.cli.reading import read, serve
from tendigits.cli.scale import sweep
from tendigits.cli.training import compare, corrections_app, data, evaluate, export, train
from tendigits.errors import Interrupted, TendigitsError, reports_missing_extra

EXIT_USER_ERROR = 2
EXIT_INTERRUPTED = 130

app = typer.Typer(
    help="Train, measure, run and serve classifiers of handwritten digits.",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for _command in (train, sweep, evaluate, compare, export, read, serve, data):
    app.command()(_command)
app.add_typer(corrections_app, name="corrections")


@app.callback(invoke_without_command=True)
def _options(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
) -> None:
    if version:
        typer.echo(f"tendigits {tendigits.__version__}")
    elif context.invoked_subcommand is None:
        typer.echo(context.get_help())


def main() -> None:
    """Run the command line; print errors that a user can fix in one line, and exit with 2."""
    try:
        if _run() == EXIT_INTERRUPTED:
            _fail("Stopped.", EXIT_INTERRUPTED)
    except TyperException as error:
        _fail(f"{error.format_message()} See: tendigits --help", EXIT_USER_ERROR)
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
    return app(standalone_mode=False)  # so that wrong arguments, too, are reported in one line


def _fail(sentence: str, exit_code: int) -> NoReturn:
    print(f"tendigits: {sentence}", file=sys.stderr)
    raise SystemExit(exit_code)
