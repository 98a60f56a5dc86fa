"""`tendigits export`: a trained model as one file, in the format of the file's extension."""

from collections.abc import Callable
from pathlib import Path

import typer

from tendigits.classifiers.model_file import weights_beside
from tendigits.errors import ModelError, RunError
from tendigits.export.c_header import export_c_header
from tendigits.export.finder_file import export_finder_run
from tendigits.export.html_page import make_page, write_page
from tendigits.export.model_file import export_model
from tendigits.training import load_run

Writer = Callable[[str, Path], str]  # from a model and the file to the lines to print


def export_file(model: str, out: Path, *, int8: bool = False, force: bool = False) -> str:
    """Write a trained model as one file, and return how it compares with the network.

    Args:
        model: what the kind of file takes: a run folder, or a model file or its name.
        out: the file; its extension is one of those of `_WRITERS`.
        int8: weights and activations of an ONNX file in 8 bits.
        force: replace files that exist.

    Raises:
        ModelError: the extension is unknown, there is such a file, or it cannot carry the model or
            cannot be written.
        RunError: there is no trained and tested run.
    """
    extension = out.suffix.lower()
    if extension not in _WRITERS:
        names = " or ".join(f"NAME{each}" for each in _WRITERS)
        raise ModelError(f"{out} has an unknown file extension; use {names}.")
    files = (out, weights_beside(out)) if extension == ".onnx" else (out,)
    taken = [path for path in files if path.exists()]
    if taken and not force:
        raise ModelError(f"{taken[0]} exists already; choose another --out, or add --force.")
    if not int8:
        return _WRITERS[extension](model, out)
    if extension != ".onnx":
        raise ModelError(f"--int8 is for ONNX files; leave it out for {out}.")
    return _write_onnx(model, out, int8=True)


def _write_onnx(model: str, out: Path, *, int8: bool = False) -> str:
    run = load_run(model)
    if run.recipe.pages is None:
        return export_model(run, out, int8=int8).summary()
    if int8:
        raise RunError("A finder is stored in half precision; leave out --int8.")
    return export_finder_run(run, out).summary()


def _write_html(model: str, out: Path) -> str:
    page = make_page(model)
    typer.echo(page.comparison())  # before the file appears
    return write_page(page, out)


def _write_c_header(model: str, out: Path) -> str:
    return export_c_header(model, out).summary()


# The formats by the file's extension; the help of `tendigits export` names them.
_WRITERS: dict[str, Writer] = {
    ".onnx": _write_onnx,
    ".html": _write_html,
    ".h": _write_c_header,
}
