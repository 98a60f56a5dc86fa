"""`tendigits export`: a trained model as one file, of the kind that the file's ending names."""

from collections.abc import Callable
from pathlib import Path

from tendigits.errors import ModelError, RunError
from tendigits.export.c_header import export_c_header
from tendigits.export.finder_file import export_finder_run
from tendigits.export.model_file import export_model
from tendigits.training import load_run

Writer = Callable[[str, Path], str]  # from a model and the file to the lines to print


def export_file(model: str, out: Path, *, int8: bool = False) -> str:
    """Write a trained model as one file, and return how it compares with the network.

    Args:
        model: what the kind of file takes: a run folder, or a model file or its name.
        out: the file; its ending is one of those of `_WRITERS`.
        int8: weights and activations of an ONNX file in 8 bits.

    Raises:
        ModelError: the ending is unknown, the file cannot carry the model or cannot be written.
        RunError: there is no trained and tested run.
    """
    ending = out.suffix.lower()
    if ending not in _WRITERS:
        names = " or ".join(f"NAME{each}" for each in _WRITERS)
        raise ModelError(f"{out} has no ending of a kind that can be exported; give {names}.")
    if not int8:
        return _WRITERS[ending](model, out)
    if ending != ".onnx":
        raise ModelError(f"--int8 is for ONNX files; leave it out for {out}.")
    return _write_onnx(model, out, int8=True)


def _write_onnx(model: str, out: Path, *, int8: bool = False) -> str:
    run = load_run(model)
    if run.recipe.pages is None:
        return export_model(run, out, int8=int8).summary()
    if int8:
        raise RunError("A finder is stored in half precision; leave out --int8.")
    return export_finder_run(run, out).summary()


def _write_c_header(model: str, out: Path) -> str:
    return export_c_header(model, out).summary()


# The kinds of files by their ending; the help of `tendigits export` names them.
_WRITERS: dict[str, Writer] = {
    ".onnx": _write_onnx,
    ".h": _write_c_header,
}
