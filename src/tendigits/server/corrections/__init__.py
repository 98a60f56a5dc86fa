"""Corrections: what the reader read wrong, kept in SQLite or PostgreSQL."""

from tendigits.server.corrections.correction import Correction, NewCorrection
from tendigits.server.corrections.store import CorrectionStore, KeyTaken, StoreUnavailable

__all__ = [
    "Correction",
    "CorrectionStore",
    "KeyTaken",
    "NewCorrection",
    "StoreUnavailable",
]
