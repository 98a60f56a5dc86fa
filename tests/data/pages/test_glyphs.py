import numpy as np
import pytest

from tendigits.data import Dataset
from tendigits.data.pages import GlyphSet
from tendigits.data.pages.glyphs import DIGITS, outlined


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


def test_every_alphabet_has_letters_with_strokes_around_the_middle(glyphs: GlyphSet) -> None:
    assert len(glyphs.alphabets) == 4
    for alphabet in glyphs.alphabets:
        assert len(alphabet) > 20
        letter = alphabet[len(alphabet) // 2]
        assert np.abs(letter.points).max() < 2
        assert letter.edges.max() < len(letter.points)


def test_outlines_of_pictograms_surround_their_strokes(glyphs: GlyphSet) -> None:
    assert len(glyphs.pictograms) > 500
    for number in range(0, len(glyphs.pictograms), 40):
        glyph = glyphs.pictograms[number]
        outline = outlined(glyph)
        assert outline.edges.max() < len(outline.points)
        margin = 2 / glyph.unit
        assert (outline.points.min(axis=0) <= glyph.points.min(axis=0) + margin).all()
        assert (outline.points.max(axis=0) >= glyph.points.max(axis=0) - margin).all()
