"""Export: a trained run as one ONNX file with embedded metadata."""

from tendigits.export.finder_file import ExportedFinder, export_finder, export_finder_run
from tendigits.export.model_file import Exported, export_model

__all__ = ["Exported", "ExportedFinder", "export_finder", "export_finder_run", "export_model"]
