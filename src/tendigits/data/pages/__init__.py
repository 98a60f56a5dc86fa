"""Pages made of handwritten digits, printed letters and doodles, to train and test a finder."""

from tendigits.data.pages.content import CHARACTERS
from tendigits.data.pages.glyphs import GlyphSet, make_glyphs
from tendigits.data.pages.page import SHAPES, Page, draw_page

__all__ = ["CHARACTERS", "SHAPES", "GlyphSet", "Page", "draw_page", "make_glyphs"]
