"""Images that show no digit: a set for each way not to be one."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tendigits.data import CATALOGUE, LabelledImages, load_dataset
from tendigits.data.download import cache_folder
from tendigits.data.synthetic import OOD_KINDS, frame_ink

IMAGES_A_SET = 1000
_SEED = 0x6D1617  # no run draws its outliers with it
# The sets' names, and what the project's own drawings of that kind are called.
_DRAWN = {
    "letters and symbols": "glyph",
    "random strokes": "scribble",
    "textures": "texture",
    "digits on their side": "rotated digit",
    "cut digits": "cut digit",
}
FASHION = "Fashion-MNIST"
NOISE = "uniform noise"
_DEBIAN = Path("/usr/share/datasets/fashion-mnist")  # where its package puts it


def no_digit_sets(
    digits: LabelledImages, step: Callable[[str, int, int], None]
) -> dict[str, NDArray[np.uint8]]:
    """Return sets of 1,000 images (n, 28, 28) uint8 that show no digit, by name.

    Clothes (Fashion-MNIST) are among them where that data set is here; nothing is downloaded.

    Args:
        digits: what turned and cut digits are made of.
        step: is told how far it is.
    """
    random = np.random.default_rng(_SEED)
    shape = (IMAGES_A_SET, 28, 28)
    fashion = find_fashion()
    sets = {FASHION: load_dataset(fashion).test.images[:IMAGES_A_SET]} if fashion else {}
    for done, (name, kind) in enumerate(_DRAWN.items()):
        step(f"No digits: {name}", done, len(_DRAWN))
        draw, _ = OOD_KINDS[kind]
        sets[name] = np.array([frame_ink(draw(random, digits)) for _ in range(IMAGES_A_SET)])
    sets[NOISE] = random.integers(0, 256, shape, np.uint8)
    step("No digits", len(_DRAWN), len(_DRAWN))
    return sets


def find_fashion() -> Path | None:
    """Return the folder that holds Fashion-MNIST, fetched or Debian's; None without one."""
    entry = CATALOGUE["fashion-mnist"]
    for folder in (cache_folder() / entry.name, _DEBIAN):
        if all((folder / file).is_file() for file in entry.sha256):
            return folder
    return None
