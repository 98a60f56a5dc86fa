"""The commands and their options, parsed by Typer; wrong words are reported in one line."""

from typing import Annotated, Any

import typer
from typer.exceptions import TyperException

import tendigits
from tendigits.cli.data import corrections_app, data
from tendigits.cli.evaluation import compare, evaluate
from tendigits.cli.reading import read, serve
from tendigits.cli.scale import sweep
from tendigits.cli.training import export, train
from tendigits.errors import TendigitsError

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


def run() -> object:
    """Run the command that the command line names, and return its exit code if it was stopped.

    Raises:
        TendigitsError: the words are invalid, or the command failed.
    """
    try:
        return app(standalone_mode=False)  # so that wrong words, too, are reported in one line
    except TyperException as error:
        command = " ".join(["tendigits", *_commands(getattr(error, "ctx", None))])
        raise TendigitsError(f"{error.format_message()} See: {command} --help") from error


def _commands(context: Any) -> list[str]:
    """Return the names of the command and of what it belongs to, without the program's."""
    names: list[str] = []
    while context is not None and context.parent is not None:
        names.insert(0, context.info_name or "")
        context = context.parent
    return names
