"""Glyphs of a few digits."""

import pytest

from tendigits.data import Dataset
from tendigits.data.pages import GlyphSet, make_glyphs


@pytest.fixture(scope="session")
def glyphs(small_mnist: Dataset) -> GlyphSet:
    """The glyphs of MNIST's first 2,000 digits."""
    return make_glyphs(small_mnist.train)
