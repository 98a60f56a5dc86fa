"""Export: a trained run as one ONNX file with embedded metadata."""

from tendigits.export.model_file import Exported, export_model

__all__ = ["Exported", "export_model"]
