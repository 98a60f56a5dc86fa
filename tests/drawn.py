"""Looking at pictures that were drawn."""

from pathlib import Path

from PIL import Image


def colours(path: Path) -> int:
    """Return how many colours the PNG at `path` has: a blank one has one."""
    with Image.open(path) as picture:
        assert picture.format == "PNG"
        found = picture.convert("RGB").getcolors(maxcolors=1 << 24)
    assert found is not None
    return len(found)
