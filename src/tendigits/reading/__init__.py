"""Reading pictures with a model file: numpy and ONNX Runtime, no torch."""

from tendigits.reading.model_file import Model, ModelInfo, load_model
from tendigits.reading.reader import Guess, ReadDigit, Reader, Reading, read

__all__ = ["Guess", "Model", "ModelInfo", "ReadDigit", "Reader", "Reading", "load_model", "read"]
