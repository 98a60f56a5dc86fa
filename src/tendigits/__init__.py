"""tendigits trains, measures and runs classifiers of handwritten digits.

import tendigits

mnist = tendigits.load_dataset("mnist")
run = tendigits.train("mlp", data=mnist)
tendigits.evaluate(run).accuracy
tendigits.predict(run, mnist.test.images[:5]).digits
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tendigits.api import evaluate, fine_tune, predict, resume, train
    from tendigits.classifiers import Classifier, ModelInfo, Predictions
    from tendigits.data import Dataset, LabelledImages, load_dataset
    from tendigits.errors import (
        DataError,
        MissingExtraError,
        ModelError,
        PictureError,
        RecipeError,
        ReportError,
        RunError,
        ServerError,
        TendigitsError,
        TrainingInterrupted,
    )
    from tendigits.evaluation import Metrics
    from tendigits.evaluation.report import Report, read_report
    from tendigits.export import export_model
    from tendigits.loading import load_classifier
    from tendigits.reading import Reader, Reading, read
    from tendigits.recipes import Recipe, load_recipe
    from tendigits.sklearn import DigitClassifier
    from tendigits.training import Run, load_run

__version__ = "0.1.0"

__all__ = [
    "Classifier",
    "DataError",
    "Dataset",
    "DigitClassifier",
    "LabelledImages",
    "Metrics",
    "MissingExtraError",
    "ModelError",
    "ModelInfo",
    "PictureError",
    "Predictions",
    "Reader",
    "Reading",
    "Recipe",
    "RecipeError",
    "Report",
    "ReportError",
    "Run",
    "RunError",
    "ServerError",
    "TendigitsError",
    "TrainingInterrupted",
    "evaluate",
    "export_model",
    "fine_tune",
    "load_classifier",
    "load_dataset",
    "load_recipe",
    "load_run",
    "predict",
    "read",
    "read_report",
    "resume",
    "train",
]

# Each name is imported on first use: reading a data set needs no torch.
_HOMES = {
    "sklearn": ("DigitClassifier",),
    "classifiers": ("Classifier", "ModelInfo", "Predictions"),
    "data": ("Dataset", "LabelledImages", "load_dataset"),
    "loading": ("load_classifier",),
    "errors": (
        "DataError",
        "MissingExtraError",
        "ModelError",
        "PictureError",
        "RecipeError",
        "ReportError",
        "RunError",
        "ServerError",
        "TendigitsError",
        "TrainingInterrupted",
    ),
    "evaluation": ("Metrics",),
    "evaluation.report": ("Report", "read_report"),
    "api": ("evaluate", "fine_tune", "predict", "resume", "train"),
    "export": ("export_model",),
    "reading": ("Reader", "Reading", "read"),
    "recipes": ("Recipe", "load_recipe"),
    "training": ("Run", "load_run"),
}
# The extra of `pip install` that brings a library which a verb needs.
_EXTRAS = {
    "train": ("torch", "safetensors", "matplotlib", "onnx", "onnxscript", "jinja2"),
    "sklearn": ("sklearn",),
    "serve": (
        "fastapi",
        "fastapi_offline",
        "prometheus_client",
        "psycopg",
        "pydantic_settings",
        "python_multipart",
        "sqlalchemy",
        "uvicorn",
    ),
}


def __getattr__(name: str) -> object:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(_import_home(home), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])


def _import_home(home: str) -> object:
    try:
        return import_module(f"{__name__}.{home}")
    except ModuleNotFoundError as error:
        missing = missing_extra(error)
        if missing is None:
            raise
        raise missing from error


def missing_extra(error: ModuleNotFoundError) -> Exception | None:
    """Return the error that names the extra to install, where one has what is missing."""
    from tendigits.errors import MissingExtraError  # noqa: PLC0415

    library = (error.name or "").partition(".")[0]
    for extra, libraries in _EXTRAS.items():
        if library in libraries:
            return MissingExtraError(
                f"This needs {library}; install it with: pip install 'tendigits[{extra}]'"
            )
    return None
