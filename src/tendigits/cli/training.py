"""The commands that train and measure: train, evaluate, compare, export, data, corrections."""

from pathlib import Path
from typing import Annotated, Literal

import typer

import tendigits
from tendigits.errors import ReportError, RunError

Device = Literal["auto", "cpu", "cuda"]  # as in tendigits.training, which needs torch
MODEL_HELP = "A run folder, a model file, a pretrained model's name, or another ONNX file."


def _recipe_names(incomplete: str) -> list[str]:
    from tendigits.recipes import shipped_recipes

    return [name for name in shipped_recipes() if name.startswith(incomplete)]


def _data_set_names(incomplete: str) -> list[str]:
    from tendigits.data import CATALOGUE

    return [name for name in CATALOGUE if name.startswith(incomplete)]


def train(
    context: typer.Context,
    recipe: Annotated[
        str,
        typer.Argument(
            help="A shipped recipe's name, or a TOML file.", autocompletion=_recipe_names
        ),
    ] = "mlp",
    data: Annotated[
        str,
        typer.Option(
            help="mnist, fashion-mnist, kmnist, a folder of IDX files or an .npz file.",
            autocompletion=_data_set_names,
        ),
    ] = "mnist",
    epochs: Annotated[int | None, typer.Option(help="Same as --set epochs=N.")] = None,
    batch_size: Annotated[int | None, typer.Option(help="Same as --set batch_size=N.")] = None,
    learning_rate: Annotated[
        float | None, typer.Option(help="Same as --set optimizer.learning_rate=X.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Same as --set seed=N.")] = None,
    threads: Annotated[
        int | None, typer.Option(min=1, help="Number of CPU threads.", show_default="one per core")
    ] = None,
    device: Annotated[Device, typer.Option(help="The device to train on.")] = "auto",
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="The run folder.", show_default="runs/<recipe>-<time>"),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Any setting of the recipe; repeatable."),
    ] = None,
    resume: Annotated[
        Path | None,
        typer.Option(metavar="RUN", help="Continue a run that was stopped or killed."),
    ] = None,
    from_: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="MODEL",
            help="Train this model file or pretrained model further, with --add-corrections.",
        ),
    ] = None,
    add_corrections: Annotated[
        str | None,
        typer.Option(metavar="URL", help="The database of a server's corrections."),
    ] = None,
) -> None:
    """Train a recipe, test the network once, and keep everything in a run folder."""
    if resume is not None:
        if _given(context) != {"resume"}:
            raise RunError("--resume takes no other options: a run keeps its own settings.")
        tendigits.resume(resume)
        return
    from tendigits.recipes import load_recipe, parse_setting

    shorthands = {
        "epochs": epochs,
        "batch_size": batch_size,
        "optimizer.learning_rate": learning_rate,
        "seed": seed,
    }
    changes = dict(parse_setting(text) for text in settings or [])
    changes |= {name: value for name, value in shorthands.items() if value is not None}
    if from_ is not None or add_corrections is not None:
        if from_ is None or add_corrections is None or "recipe" in _given(context):
            raise RunError(
                "--from MODEL and --add-corrections URL are used together and without a recipe; "
                "the model has its own."
            )
        from tendigits.feedback.corrections import load_corrections

        corrections = load_corrections(add_corrections)
        tendigits.fine_tune(
            from_, corrections, changes, data=data, out=out, threads=threads, device=device
        )
        return
    checked = load_recipe(recipe, changes)  # before torch is imported, so that errors come at once
    tendigits.train(checked, data=data, out=out, threads=threads, device=device)


def evaluate(
    model: Annotated[str, typer.Argument(help=MODEL_HELP)],
    full: Annotated[
        bool, typer.Option("--full", help="Measure everything and write a report; takes minutes.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FOLDER", help="The report's folder, for --full."),
    ] = None,
    ood: Annotated[
        list[str] | None,
        typer.Option(
            metavar="DATASET",
            help="Additional out-of-distribution data set, with --full; repeatable.",
        ),
    ] = None,
) -> None:
    """Measure a model on its test set; with --full, write a report."""
    if full != (out is not None) or (ood and not full):
        raise ReportError("A report needs both --full and a folder: -o FOLDER.")
    if out is not None:
        tendigits.write_report(model, out, ood=ood or ())
        typer.echo(f"Report: {out.absolute() / 'report.html'}")
        return
    from tendigits.evaluation.metrics import summarise_test

    classifier = tendigits.load_classifier(model)
    metrics = tendigits.evaluate(classifier)
    for assumption in classifier.origin.assumptions:
        typer.echo(assumption)
    typer.echo(summarise_test(metrics, classifier.class_names))
    if classifier.origin.kind == "run":
        from tendigits.training.final_test import compare_with_record

        typer.echo(compare_with_record(tendigits.load_run(model), metrics))


def compare(
    models: Annotated[
        list[str], typer.Argument(help="At least two models as for evaluate, or reports.")
    ],
) -> None:
    """Compare models and test their differences for significance."""
    from tendigits.evaluation.compare import describe_comparison

    typer.echo(describe_comparison(tendigits.compare(models)))


def export(
    model: Annotated[
        str,
        typer.Argument(
            help="A run folder; for C, a model file or a pretrained model's name will do, too."
        ),
    ],
    out: Annotated[
        Path,
        typer.Option(
            "--out", "-o", metavar="FILE", help="The file; its ending says what is written."
        ),
    ],
    int8: Annotated[
        bool, typer.Option("--int8", help="Quantise an ONNX file's weights and activations.")
    ] = False,
) -> None:
    """Write a trained network as one file, and compare it with the network first.

    \b
    NAME.onnx         ONNX with metadata, in float32; the weights go beside it
    NAME.onnx --int8  the same in 8 bits
    NAME.h            a C99 header in 8-bit integers, for microcontrollers
    """
    from tendigits.export.command import export_file

    typer.echo(export_file(model, out, int8=int8))


def data(
    source: Annotated[
        str | None,
        typer.Argument(
            help="A data set's name, a folder of IDX files or an .npz file.",
            autocompletion=_data_set_names,
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


def _given(context: typer.Context) -> set[str]:
    """Return the parameters that were given on the command line."""
    return {
        name
        for name in context.params
        if (source := context.get_parameter_source(name)) and source.name != "DEFAULT"
    }
