"""Classifiers of 28x28 images and their predictions, in numpy and ONNX Runtime, without torch."""

from tendigits.classifiers.classifier import Classifier, Logits, Origin
from tendigits.classifiers.model_file import load_model_file, pretrained_models
from tendigits.classifiers.model_info import ModelInfo
from tendigits.classifiers.predictions import Predictions

__all__ = [
    "Classifier",
    "Logits",
    "ModelInfo",
    "Origin",
    "Predictions",
    "load_model_file",
    "pretrained_models",
]
