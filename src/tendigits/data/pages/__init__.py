"""Pages made of handwritten digits, printed letters and doodles, to train and test a finder."""

from tendigits.data.pages.glyphs import GlyphSet, make_glyphs
from tendigits.data.pages.page import (
    SHAPES,
    Page,
    draw_page,
    draw_pages,
    load_held_out_glyphs,
    synthetic_pages,
)

__all__ = [
    "SHAPES",
    "GlyphSet",
    "Page",
    "draw_page",
    "draw_pages",
    "load_held_out_glyphs",
    "make_glyphs",
    "synthetic_pages",
]
