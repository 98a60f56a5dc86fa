"""What predicts: a classifier of 28x28 images and its predictions; numpy and ONNX Runtime alone."""

from tendigits.classifiers.classifier import Classifier, Logits, Origin
from tendigits.classifiers.model_file import load_model_file, shipped_models
from tendigits.classifiers.model_info import ModelInfo
from tendigits.classifiers.predictions import Predictions

__all__ = [
    "Classifier",
    "Logits",
    "ModelInfo",
    "Origin",
    "Predictions",
    "load_model_file",
    "shipped_models",
]
