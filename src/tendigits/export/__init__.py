"""Export: a trained run as one ONNX file that says all about itself."""

from tendigits.export.export import Exported, export_model

__all__ = ["Exported", "export_model"]
