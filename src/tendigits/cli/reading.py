"""The commands that read pictures: read, serve."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tendigits.cli.names import model_names
from tendigits.cli.read_pictures import progress_bar, read_pictures
from tendigits.errors import PictureError, TendigitsError, delayed_interrupts

if TYPE_CHECKING:
    from tendigits.reading.pages import ReadSettings


def read(
    pictures: Annotated[list[str], typer.Argument(help="Files, folders, or - for standard input.")],
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object per page.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print one row of CSV per page.")] = False,
    model: Annotated[
        str,
        typer.Option(
            help="A model file, or a pretrained model's name.", autocompletion=model_names
        ),
    ] = "reader",
    threshold: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=1,
            help="Reject predictions below this confidence.",
            show_default="the model's",
        ),
    ] = None,
    length: Annotated[
        str | None,
        typer.Option(
            metavar="N", help="Read the one number with this many digits, such as 3, or 3-6."
        ),
    ] = None,
    pattern: Annotated[
        str | None,
        typer.Option(help="Read the one number that fits, such as '[0-9]{2}/[0-9]{2}'."),
    ] = None,
    table: Annotated[
        Path | None,
        typer.Option(metavar="CSV", help="Write the numbers of a page in its rows and columns."),
    ] = None,
    explain: Annotated[
        Path | None,
        typer.Option(
            metavar="PNG",
            help="Draw the lines, numbers and digits that were found; with several pages, in "
            "files called after them.",
        ),
    ] = None,
    crops: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Write each frame as a PNG and its digit to labels.jsonl, for `train --data`.",
        ),
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option(min=1, help="Maximum number of processes.", show_default="one per core"),
    ] = None,
    ray: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            help="Read a folder or a Parquet file on a Ray cluster: auto, local or HOST:PORT.",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="PARQUET", help="The file for --ray to write."),
    ] = None,
) -> None:
    """Read the numbers in pictures and documents; a digit that is rejected is printed as ?.

    The exit code is 0, or 1 if no number fits or cells of a table are empty, or 2 if pictures
    cannot be read.
    """
    with delayed_interrupts():
        from tendigits.reading.command import Outputs, ReadCommand
        from tendigits.reading.pages import ReadSettings

    if json and csv:
        raise TendigitsError("--json and --csv are two forms of the output; leave out one.")
    if ray is not None or out is not None:
        if json or csv or table or explain or crops or jobs or len(pictures) != 1:
            raise PictureError(
                "--ray takes one folder or Parquet file and -o; leave out --json, --csv, --table, "
                "--explain, --crops and --jobs."
            )
        _read_on_ray(
            pictures[0], ReadSettings(model, threshold, length, pattern, json=True), ray, out
        )
        return
    settings = ReadSettings(model, threshold, length, pattern, json=json, csv=csv)
    command = ReadCommand(settings, Outputs(explain, crops, table), jobs or os.cpu_count() or 1)
    read_pictures(pictures, command)


def _read_on_ray(
    source: str, settings: "ReadSettings", address: str | None, out: Path | None
) -> None:
    if address is None or out is None:
        raise PictureError("--ray ADDRESS and -o PARQUET are used together.")
    from tendigits.scale.ray_reading import read_on_ray

    with progress_bar(2) as step:
        pages, errors = read_on_ray(source, settings, out, address, step)
    typer.echo(f"{pages:,} pages, {errors:,} of them with an error: {out.absolute()}")
    if errors:
        raise SystemExit(2)


def serve(
    host: Annotated[
        str | None, typer.Option(help="Address to listen on.", show_default="127.0.0.1")
    ] = None,
    port: Annotated[
        int | None, typer.Option(help="Port; 0 picks a free one.", show_default="8000")
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            help="A model file, or a pretrained model's name.",
            show_default="reader",
            autocompletion=model_names,
        ),
    ] = None,
    database: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="The corrections' database: sqlite:///FILE or postgresql+psycopg://USER@HOST/NAME.",
            show_default="an SQLite file in the user's data folder",
        ),
    ] = None,
    body_limit: Annotated[
        int | None, typer.Option(help="Maximum bytes per request.", show_default="20 MiB")
    ] = None,
    pixel_limit: Annotated[
        int | None, typer.Option(help="Maximum pixels per picture.", show_default="40 million")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(help="Number of worker processes.", show_default="one per core")
    ] = None,
    queue: Annotated[
        int | None, typer.Option(help="Maximum pictures in the queue.", show_default="1024")
    ] = None,
    time_limit: Annotated[
        float | None,
        typer.Option(help="Maximum seconds for reading one picture, up to 20.", show_default="10"),
    ] = None,
    header_timeout: Annotated[
        float | None,
        typer.Option(help="Maximum seconds for a request's headers, up to 60.", show_default="10"),
    ] = None,
    corrections_limit: Annotated[
        int | None,
        typer.Option(help="Maximum stored corrections.", show_default="1 million"),
    ] = None,
    daily_corrections: Annotated[
        int | None,
        typer.Option(help="Maximum corrections of one client in a day.", show_default="10,000"),
    ] = None,
    api_keys: Annotated[
        list[str] | None,
        typer.Option(
            "--api-key",
            help="Require this key; repeatable. Other users of this machine can see it in `ps`; "
            "TENDIGITS_API_KEYS is hidden.",
        ),
    ] = None,
    open_: Annotated[
        bool | None,
        typer.Option("--open", help="Let other machines connect without a key."),
    ] = None,
    cors_origins: Annotated[
        list[str] | None,
        typer.Option("--cors-origin", help="A site whose pages may use the server; repeatable."),
    ] = None,
    log_format: Annotated[
        str | None, typer.Option(help="Log format: plain or json.", show_default="plain")
    ] = None,
) -> None:
    """Read pictures over HTTP, with a page to draw on, and store corrections.

    Every option is also an environment variable: TENDIGITS_PORT, TENDIGITS_API_KEYS and so on.
    """
    from tendigits.server.run import run_server
    from tendigits.server.settings import load_settings

    given = {
        "host": host,
        "port": port,
        "model": model,
        "database": database,
        "body_limit": body_limit,
        "pixel_limit": pixel_limit,
        "workers": workers,
        "queue": queue,
        "time_limit": time_limit,
        "header_timeout": header_timeout,
        "corrections_limit": corrections_limit,
        "daily_corrections": daily_corrections,
        "api_keys": api_keys,
        "open": open_,
        "cors_origins": cors_origins,
        "log_format": log_format,
    }
    run_server(load_settings({name: value for name, value in given.items() if value is not None}))
