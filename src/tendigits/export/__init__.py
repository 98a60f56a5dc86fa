"""Export: a trained network as one file, compared with the network before it is written."""

from tendigits.export.c_header import ExportedHeader, export_c_header
from tendigits.export.finder_file import ExportedFinder, export_finder, export_finder_run
from tendigits.export.model_file import Exported, export_model

__all__ = [
    "Exported",
    "ExportedFinder",
    "ExportedHeader",
    "export_c_header",
    "export_finder",
    "export_finder_run",
    "export_model",
]
