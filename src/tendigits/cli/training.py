"""The commands that train, and write what was trained: train, export."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

import tendigits
from tendigits.cli.names import data_set_names, recipe_names
from tendigits.errors import RunError
from tendigits.scale import is_follower

if TYPE_CHECKING:
    from tendigits.data import LabelledImages

Device = Literal["auto", "cpu", "cuda"]  # as in tendigits.training, which needs torch


def train(
    context: typer.Context,
    recipe: Annotated[
        str,
        typer.Argument(
            help="A shipped recipe's name, or a TOML file.", autocompletion=recipe_names
        ),
    ] = "mlp",
    data: Annotated[
        str,
        typer.Option(
            help="A data set's name, a folder of IDX files or of pictures by class, a CSV or an "
            ".npz file; with --from, your own images.",
            autocompletion=data_set_names,
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
            help="Train this model file or pretrained model further, on --data or "
            "--add-corrections.",
        ),
    ] = None,
    add_corrections: Annotated[
        str | None,
        typer.Option(metavar="URL", help="The database of a server's corrections."),
    ] = None,
) -> None:
    """Train a recipe, test the network once, and keep everything in a run folder.

    With several processes: torchrun --nproc-per-node 2 -m tendigits train best
    """
    if is_follower():
        from tendigits.scale.torchrun import follow

        follow()
        return
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
        given = _given(context)
        own = data if "data" in given else None
        if from_ is None or "recipe" in given or (add_corrections is None and own is None):
            raise RunError(
                "--from MODEL is used with --data MINE or --add-corrections URL and without a "
                "recipe; the model has its own."
            )
        images, base = _images_to_add(add_corrections, own)
        tendigits.fine_tune(
            from_, images, changes, data=base, out=out, threads=threads, device=device
        )
        return
    checked = load_recipe(recipe, changes)  # before torch is imported, so that errors come at once
    tendigits.train(checked, data=data, out=out, threads=threads, device=device)


def _images_to_add(
    corrections: str | None, own: str | None
) -> tuple["LabelledImages | str | None", str | None]:
    """Return the images that a model is trained further on, and the data set to add them to."""
    if corrections is None:
        return own, None
    from tendigits.feedback.corrections import load_corrections

    return load_corrections(corrections), own


def export(
    model: Annotated[
        str,
        typer.Argument(
            help="A run folder; for .html and .h also a model file with its weights beside it, "
            "or a pretrained model's name."
        ),
    ],
    out: Annotated[
        Path,
        typer.Option(
            "--out", "-o", metavar="FILE", help="The file; its extension selects the format."
        ),
    ],
    int8: Annotated[
        bool, typer.Option("--int8", help="Quantise an ONNX file's weights and activations.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace files that exist.")] = False,
) -> None:
    """Write a trained network as one file, and compare it with the network first.

    \b
    NAME.onnx         ONNX with metadata, in float32; the weights go beside it
    NAME.onnx --int8  the same in 8 bits
    NAME.html         an offline page: draw and read digits, inspect every layer
    NAME.h            a C99 header in 8-bit integers, for microcontrollers
    """
    from tendigits.export.command import export_file

    typer.echo(export_file(model, out, int8=int8, force=force))


def _given(context: typer.Context) -> set[str]:
    """Return the parameters that were given on the command line."""
    return {
        name
        for name in context.params
        if (source := context.get_parameter_source(name)) and source.name != "DEFAULT"
    }
