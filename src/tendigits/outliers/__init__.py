"""Frames that show no digit, all made here: glyphs, doodles, blots, textures, digits gone wrong."""

from tendigits.outliers.draw import KINDS, draw_outliers

__all__ = ["KINDS", "draw_outliers"]
