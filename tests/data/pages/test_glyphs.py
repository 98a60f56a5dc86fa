import numpy as np
import pytest

from tendigits.data import Dataset
from tendigits.data.pages import GlyphSet
from tendigits.data.pages.glyphs import DIGITS


def test_every_handwritten_digit_is_a_glyph(glyphs: GlyphSet, small_mnist: Dataset) -> None:
    assert tuple(len(each) for each in glyphs.handwritten) == small_mnist.train.class_counts


@pytest.mark.parametrize("digit", range(10))
def test_glyph_of_a_digit_is_one_unit_high_around_its_middle(glyphs: GlyphSet, digit: int) -> None:
    glyph = glyphs.handwritten[digit][5]
    assert glyph.stamp.shape[0] == glyph.unit
    assert glyph.corner[1] == pytest.approx(-0.5)
    assert np.abs(glyph.points).max() < 0.75
    assert glyph.edges.max() < len(glyph.points)


def test_glyph_is_made_once(glyphs: GlyphSet) -> None:
    assert glyphs.handwritten[3][0] is glyphs.handwritten[3][0]


def test_every_font_has_the_digits(glyphs: GlyphSet) -> None:
    for font in glyphs.printed:
        assert set(DIGITS) <= set(font)
