"""Corrections: what the reader read wrong, kept in SQLite or PostgreSQL."""

from tendigits.feedback.correction import Correction, NewCorrection
from tendigits.feedback.store import CorrectionStore, KeyTaken, StoreUnavailable

__all__ = [
    "Correction",
    "CorrectionStore",
    "KeyTaken",
    "NewCorrection",
    "StoreUnavailable",
]
