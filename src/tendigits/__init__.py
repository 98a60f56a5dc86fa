"""tendigits trains, measures, runs and serves classifiers of handwritten digits.

import tendigits

mnist = tendigits.load_dataset("mnist")
run = tendigits.train("mlp", data=mnist)
tendigits.evaluate(run).accuracy
tendigits.predict(run, mnist.test.images[:5]).predicted
tendigits.read("photo.jpg").text
"""

import os
from importlib import import_module
from typing import TYPE_CHECKING

# ONNX Runtime sends what it runs to its makers, unless this is set before it is imported.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

if TYPE_CHECKING:
    from tendigits.api import (
        compare,
        evaluate,
        evaluate_pictures,
        fine_tune,
        predict,
        resume,
        train,
        write_report,
    )
    from tendigits.classifiers import Classifier, ModelInfo, Predictions
    from tendigits.data import Dataset, LabelledImages, load_dataset
    from tendigits.errors import (
        DataError,
        MissingExtraError,
        ModelError,
        PatternError,
        PictureError,
        RecipeError,
        ReportError,
        RunError,
        ServerError,
        TendigitsError,
        TrainingInterrupted,
    )
    from tendigits.evaluation.compare import Comparison
    from tendigits.evaluation.metrics import Metrics
    from tendigits.evaluation.picture_metrics import PictureMetrics
    from tendigits.evaluation.report import Report, read_report
    from tendigits.export import export_c_header, export_model
    from tendigits.feedback.corrections import load_corrections
    from tendigits.loading import load_classifier
    from tendigits.reading import Reader, Reading, read
    from tendigits.recipes import Recipe, load_recipe
    from tendigits.sklearn import DigitClassifier
    from tendigits.training import Run, load_run

__version__ = "0.2.0"

__all__ = [
    "Classifier",
    "Comparison",
    "DataError",
    "Dataset",
    "DigitClassifier",
    "LabelledImages",
    "Metrics",
    "MissingExtraError",
    "ModelError",
    "ModelInfo",
    "PatternError",
    "PictureError",
    "PictureMetrics",
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
    "compare",
    "evaluate",
    "evaluate_pictures",
    "export_c_header",
    "export_model",
    "fine_tune",
    "load_classifier",
    "load_corrections",
    "load_dataset",
    "load_recipe",
    "load_run",
    "predict",
    "read",
    "read_report",
    "resume",
    "train",
    "write_report",
]

# The module of each name, imported on first use: most of them need no torch.
_MODULES = {
    "api": (
        "compare",
        "evaluate",
        "evaluate_pictures",
        "fine_tune",
        "predict",
        "resume",
        "train",
        "write_report",
    ),
    "classifiers": ("Classifier", "ModelInfo", "Predictions"),
    "data": ("Dataset", "LabelledImages", "load_dataset"),
    "errors": (
        "DataError",
        "MissingExtraError",
        "ModelError",
        "PatternError",
        "PictureError",
        "RecipeError",
        "ReportError",
        "RunError",
        "ServerError",
        "TendigitsError",
        "TrainingInterrupted",
    ),
    "evaluation.compare": ("Comparison",),
    "evaluation.metrics": ("Metrics",),
    "evaluation.picture_metrics": ("PictureMetrics",),
    "evaluation.report": ("Report", "read_report"),
    "export": ("export_c_header", "export_model"),
    "feedback.corrections": ("load_corrections",),
    "loading": ("load_classifier",),
    "reading": ("Reader", "Reading", "read"),
    "recipes": ("Recipe", "load_recipe"),
    "sklearn": ("DigitClassifier",),
    "training": ("Run", "load_run"),
}


def __getattr__(name: str) -> object:
    for module, names in _MODULES.items():
        if name in names:
            return getattr(_import(module), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return list(__all__)


def _import(module: str) -> object:
    from tendigits.errors import reports_missing_extra  # noqa: PLC0415

    return reports_missing_extra(import_module)(f"{__name__}.{module}")
