"""The command line: one short function a verb."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal, NoReturn

import typer
from typer.exceptions import TyperException

import tendigits
from tendigits.errors import Interrupted, ReportError, RunError, TendigitsError

Device = Literal["auto", "cpu", "cuda"]  # as in tendigits.training, which needs torch
EXIT_USER_ERROR = 2
EXIT_INTERRUPTED = 130

app = typer.Typer(
    help="Train, measure and run classifiers of handwritten digits.",
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main() -> None:
    """Run the command line; what a user can mend is one line and exit code 2."""
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
        sys.stderr.close()  # the reader of our output has gone; Python would complain at exit
        raise SystemExit(1) from None
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        _fail(
            f"{error.strerror or error}{where}; make room or choose another folder.",
            EXIT_USER_ERROR,
        )


def _run() -> object:
    try:
        return app(standalone_mode=False)  # so that wrong words, too, are told in one line
    except ModuleNotFoundError as error:
        raise tendigits.missing_extra(error) or error from error


@app.callback(invoke_without_command=True)
def _options(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
) -> None:
    if version:
        typer.echo(f"tendigits {tendigits.__version__}")
    elif context.invoked_subcommand is None:
        typer.echo(context.get_help())


@app.command()
def train(
    recipe: Annotated[
        str, typer.Argument(help="A shipped recipe's name, or a TOML file of your own.")
    ] = "mlp",
    data: Annotated[
        str,
        typer.Option(help="mnist, fashion-mnist, kmnist, a folder of IDX files or an .npz file."),
    ] = "mnist",
    epochs: Annotated[int | None, typer.Option(help="Same as --set epochs=N.")] = None,
    batch_size: Annotated[int | None, typer.Option(help="Same as --set batch_size=N.")] = None,
    learning_rate: Annotated[
        float | None, typer.Option(help="Same as --set optimizer.learning_rate=X.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Same as --set seed=N.")] = None,
    threads: Annotated[
        int | None, typer.Option(min=1, help="Threads to compute with.", show_default="one a core")
    ] = None,
    device: Annotated[Device, typer.Option(help="What to compute on.")] = "auto",
    out: Annotated[
        Path | None, typer.Option(help="The run folder.", show_default="runs/<recipe>-<time>")
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Any setting of the recipe; repeatable."),
    ] = None,
    resume: Annotated[
        Path | None,
        typer.Option(metavar="RUN", help="Go on with a run that was stopped or killed."),
    ] = None,
    from_: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="MODEL",
            help="Train this model file or shipped model further, with --add-corrections.",
        ),
    ] = None,
    add_corrections: Annotated[
        str | None,
        typer.Option(metavar="URL", help="The database of a server's corrections."),
    ] = None,
) -> None:
    """Train a recipe, test it once, and keep everything in a run folder."""
    from tendigits.recipes import load_recipe, parse_setting

    shorthands = {
        "epochs": epochs,
        "batch_size": batch_size,
        "optimizer.learning_rate": learning_rate,
        "seed": seed,
    }
    changes = dict(parse_setting(text) for text in settings or [])
    changes |= {name: value for name, value in shorthands.items() if value is not None}
    if resume is not None:
        others = changes or out or threads or from_ or add_corrections
        if others or (recipe, data, device) != ("mlp", "mnist", "auto"):
            raise RunError("--resume goes on with the run's own settings; leave out all others.")
        tendigits.resume(resume)
        return
    if from_ is not None or add_corrections is not None:
        if from_ is None or add_corrections is None or recipe != "mlp":
            raise RunError(
                "--from MODEL and --add-corrections URL go together, and without a recipe: the "
                "model has its own."
            )
        from tendigits.feedback.corrections import load_corrections

        corrections = load_corrections(add_corrections)
        tendigits.fine_tune(
            from_, corrections, changes, data=data, out=out, threads=threads, device=device
        )
        return
    checked = load_recipe(recipe, changes)  # first: it takes no torch to find a wrong setting
    tendigits.train(checked, data=data, out=out, threads=threads, device=device)


@app.command()
def evaluate(
    model: Annotated[
        str, typer.Argument(help="A run folder, a model file or a shipped model's name.")
    ],
    full: Annotated[
        bool, typer.Option("--full", help="Measure everything, into a report; takes minutes.")
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FOLDER", help="The report's folder, for --full."),
    ] = None,
) -> None:
    """Repeat the test of a run, or test a model file; with --full, write a report."""
    if full != (output is not None):
        raise ReportError("A full report needs both --full and a folder for it: -o FOLDER.")
    if output is not None:
        _evaluate_fully(model, output)
        return
    from tendigits.classifiers.model_file import shipped_models

    if model in shipped_models() or Path(model).is_file():
        from tendigits.evaluation.evaluate_file import evaluate_file

        typer.echo(evaluate_file(model))
        return
    run_read = tendigits.load_run(model)
    metrics = tendigits.evaluate(run_read)
    from tendigits.evaluation import summarise_test
    from tendigits.training.final_test import compare_with_record

    typer.echo(summarise_test(metrics, run_read.data.class_names))
    typer.echo(compare_with_record(run_read, metrics))


def _evaluate_fully(model: str, output: Path) -> None:
    from tendigits.progress import Terminal

    with Terminal() as terminal:
        tendigits.evaluate_fully(model, output, terminal.step)
    typer.echo(f"Report: {output.absolute() / 'report.html'}")


@app.command()
def compare(
    models: Annotated[
        list[str], typer.Argument(help="Run folders, model files, shipped models' names, reports.")
    ],
) -> None:
    """Set models side by side, and say what may be chance."""
    from tendigits.evaluation.report import describe_comparison

    typer.echo(describe_comparison(tendigits.compare(models)))


@app.command()
def export(
    run: Annotated[Path, typer.Argument(help="A run folder.")],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="ONNX", help="The file.")],
    int8: Annotated[bool, typer.Option("--int8", help="8-bit weights and products.")] = False,
) -> None:
    """Write a run's network as one ONNX file that says all about itself."""
    typer.echo(tendigits.export_model(run, output, int8=int8).summary())


@app.command()
def read(
    pictures: Annotated[list[str], typer.Argument(help="Files, folders, or - for standard input.")],
    json: Annotated[
        bool, typer.Option("--json", help="A JSON object for each picture, a line each.")
    ] = False,
    model: Annotated[str, typer.Option(help="A model file, or a shipped model's name.")] = "reader",
    threshold: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="Reject what is less sure.", show_default="the model's"),
    ] = None,
    explain: Annotated[
        Path | None, typer.Option(metavar="PNG", help="Draw what was seen in one picture.")
    ] = None,
    crops: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Write the frames and their answers.")
    ] = None,
) -> None:
    """Read the digits in pictures; what is no digit is written ?."""
    from tendigits.reading import Reader
    from tendigits.reading.command import ReadCommand
    from tendigits.reading.sources import find_sources

    command = ReadCommand(Reader(model, threshold), json=json, explain=explain, crops=crops)
    sources = find_sources(pictures)
    with _bar_beside_answers() as step:
        all_read = command.read_all(sources, step)
    if not all_read:
        raise SystemExit(EXIT_USER_ERROR)


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(show_default="127.0.0.1")] = None,
    port: Annotated[int | None, typer.Option(show_default="8000")] = None,
    model: Annotated[
        str | None,
        typer.Option(help="A model file, or a shipped model's name.", show_default="reader"),
    ] = None,
    database: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="Where corrections are kept: sqlite:///FILE or postgresql+psycopg://USER@HOST/NAME.",
            show_default="an SQLite file of the user's",
        ),
    ] = None,
    body_limit: Annotated[
        int | None, typer.Option(help="Bytes of a request.", show_default="20 MiB")
    ] = None,
    pixel_limit: Annotated[
        int | None, typer.Option(help="Pixels of a picture.", show_default="40 million")
    ] = None,
    readers: Annotated[
        int | None, typer.Option(help="Processes that read.", show_default="one a core")
    ] = None,
    queue: Annotated[
        int | None, typer.Option(help="Pictures that may wait.", show_default="1024")
    ] = None,
    api_keys: Annotated[
        list[str] | None,
        typer.Option("--api-key", help="Ask clients for it; repeatable. Others see it in `ps`."),
    ] = None,
    open_: Annotated[
        bool | None,
        typer.Option("--open", help="Listen beyond this machine without a key."),
    ] = None,
    cors_origins: Annotated[
        list[str] | None,
        typer.Option("--cors-origin", help="A site whose pages may use it; repeatable."),
    ] = None,
    log_format: Annotated[
        str | None, typer.Option(help="plain or json.", show_default="plain")
    ] = None,
) -> None:
    """Read pictures over HTTP, with a page to draw on, and keep corrections.

    Every option is also an environment variable: TENDIGITS_PORT, TENDIGITS_API_KEYS and so on.
    """
    from tendigits.server.serve import run_server
    from tendigits.server.settings import load_settings

    given = {
        "host": host,
        "port": port,
        "model": model,
        "database": database,
        "body_limit": body_limit,
        "pixel_limit": pixel_limit,
        "readers": readers,
        "queue": queue,
        "api_keys": api_keys,
        "open": open_,
        "cors_origins": cors_origins,
        "log_format": log_format,
    }
    run_server(load_settings({name: value for name, value in given.items() if value is not None}))


@app.command()
def data(
    source: Annotated[
        str | None, typer.Argument(help="A data set's name, a folder of IDX files or an .npz file.")
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


corrections_app = typer.Typer(help="Handle the corrections that a server has kept.")
app.add_typer(corrections_app, name="corrections")


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
    """Write corrections as a data set that `tendigits train --data` takes."""
    from tendigits.feedback.as_dataset import export_corrections, load_corrections
    from tendigits.server.settings import load_settings

    given = {} if database is None else {"database": database}
    typer.echo(export_corrections(load_corrections(load_settings(given).database), out))


@contextmanager
def _bar_beside_answers() -> Iterator[Callable[[str, int, int], None]]:
    """Give what shows progress on standard error, where the answers go into a file or a pipe."""
    if sys.stdout.isatty() or not sys.stderr.isatty():
        yield lambda *_: None  # and rich, which is slow to import, is not needed
        return
    from tendigits.progress import Terminal

    with Terminal(stderr=True) as terminal:
        yield terminal.step


def _fail(sentence: str, exit_code: int) -> NoReturn:
    print(f"tendigits: {sentence}", file=sys.stderr)
    raise SystemExit(exit_code)
