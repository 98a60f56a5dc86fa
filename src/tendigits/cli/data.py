"""The commands for images with labels: data, corrections."""

from pathlib import Path
from typing import Annotated

import typer

from tendigits.cli.names import data_set_names


def data(
    source: Annotated[
        str | None,
        typer.Argument(
            help="A data set's name, a folder of IDX files or of pictures by class, a CSV or an "
            ".npz file.",
            autocompletion=data_set_names,
        ),
    ] = None,
    show: Annotated[
        Path | None, typer.Option(metavar="PNG", help="Draw 20 samples of each class.")
    ] = None,
) -> None:
    """List the data sets, or describe one."""
    from tendigits.data import describe_catalogue, describe_dataset, draw_samples, load_dataset
    from tendigits.progress import Terminal

    if source is None:
        typer.echo(describe_catalogue())
        return
    with Terminal() as terminal:
        dataset = load_dataset(source, terminal.step)
    typer.echo(describe_dataset(dataset))
    if show is not None:
        draw_samples(dataset, show)
        typer.echo(f"\nSamples: {show.absolute()}")


corrections_app = typer.Typer(help="Manage the corrections that a server has stored.")


@corrections_app.command("export")
def export_corrections(
    out: Annotated[Path, typer.Argument(help="A folder for IDX files, or an .npz file.")],
    database: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="The database's URL.",
            show_default="TENDIGITS_DATABASE, or the server's own SQLite file",
        ),
    ] = None,
) -> None:
    """Write corrections as a data set for `tendigits train --data`."""
    from tendigits.feedback.corrections import (
        default_database,
        export_corrections,
        load_corrections,
    )

    typer.echo(export_corrections(load_corrections(database or default_database()), out))


@corrections_app.callback()
def _corrections() -> None:
    pass  # makes `export` a subcommand although it is the only one
