"""Reading with a model file: numpy and ONNX Runtime, no torch."""

from tendigits.reading.model_file import Model, ModelInfo, load_model, model_bytes

__all__ = ["Model", "ModelInfo", "load_model", "model_bytes"]
