"""The commands that measure: evaluate, compare."""

import sys
from csv import DictWriter
from pathlib import Path
from typing import Annotated

import typer

import tendigits
from tendigits.cli.names import data_set_names
from tendigits.errors import ReportError

MODEL_HELP = "A run folder, a model file, a pretrained model's name, or another ONNX file."


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
    data: Annotated[
        str | None,
        typer.Option(
            metavar="MINE",
            help="Measure on this data set; all that `train --data` takes.",
            autocompletion=data_set_names,
        ),
    ] = None,
    as_pictures: Annotated[
        bool,
        typer.Option("--as-pictures", help="Measure the whole reading of the pictures of --data."),
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print every figure as JSON.")] = False,
) -> None:
    """Measure a model on its test set or on your data; with --full, write a report."""
    if full != (out is not None) or (ood and not full):
        raise ReportError("A report needs both --full and a folder: -o FOLDER.")
    if (full and (data is not None or json)) or (as_pictures and data is None):
        raise ReportError(
            "--as-pictures needs --data MINE, and a report takes none of --as-pictures, --data and "
            "--json."
        )
    if json:
        _print_as_json(model, data, as_pictures=as_pictures)
        return
    if data is not None:
        _evaluate_data(model, data, as_pictures=as_pictures)
        return
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


def _evaluate_data(model: str, source: str, *, as_pictures: bool) -> None:
    if as_pictures:
        typer.echo(tendigits.evaluate_pictures(model, source, quiet=False).summary())
        return
    from tendigits.data import load_dataset
    from tendigits.evaluation.metrics import summarise_test
    from tendigits.evaluation.own_data import describe_images
    from tendigits.progress import Terminal

    classifier = tendigits.load_classifier(model)
    with Terminal() as terminal:
        dataset = load_dataset(source, terminal.step)
    for sentence in (*classifier.origin.assumptions, *dataset.notes):
        typer.echo(sentence)
    metrics = tendigits.evaluate(classifier, dataset)
    typer.echo(describe_images(classifier, dataset))
    typer.echo(summarise_test(metrics, classifier.class_names))


def _print_as_json(model: str, data: str | None, *, as_pictures: bool) -> None:
    from tendigits.data import load_dataset
    from tendigits.files import as_json_values, to_json

    if as_pictures and data is not None:
        measured = as_json_values(tendigits.evaluate_pictures(model, data))
        typer.echo(to_json(measured, indent=2))
        return
    classifier = tendigits.load_classifier(model)
    if data is None and classifier.data_source is None:
        data = "mnist"  # on which an ONNX file from elsewhere is measured
    dataset = None if data is None else load_dataset(data)
    metrics = tendigits.evaluate(classifier, dataset)
    name = {"model": classifier.name, "sha256": classifier.origin.sha256}
    data_name = {"data": classifier.origin.data if dataset is None else dataset.name}
    typer.echo(to_json(name | data_name | metrics.to_dict(), indent=2))


def compare(
    models: Annotated[
        list[str], typer.Argument(help="At least two models as for evaluate, or reports.")
    ],
    json: Annotated[bool, typer.Option("--json", help="Print every figure as JSON.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print a row of CSV per model.")] = False,
) -> None:
    """Compare models and test their differences for significance."""
    from tendigits.evaluation.comparison_table import describe_comparison, figures_by_model
    from tendigits.files import to_json

    if json and csv:
        raise ReportError("--json and --csv are two forms of the output; leave out one.")
    comparison = tendigits.compare(models)
    if json:
        typer.echo(to_json(comparison.to_dict(), indent=2))
    elif csv:
        rows = figures_by_model(comparison)
        writer = DictWriter(sys.stdout, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    else:
        typer.echo(describe_comparison(comparison))
