"""Pages made of handwritten digits, printed letters and doodles, to train and test a finder."""

from tendigits.data.pages.glyphs import GlyphSet, make_glyphs
from tendigits.data.pages.page import SHAPES, Page, draw_page

__all__ = ["SHAPES", "GlyphSet", "Page", "draw_page", "make_glyphs"]
