"""The fifteen corruptions of MNIST-C, written anew, each at five strengths.

Source: N. Mu, J. Gilmer, "MNIST-C: a robustness benchmark for computer vision",
arXiv:1906.02337. The paper describes them; strengths and code are this project's, so figures are
not those of the published files.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from tendigits.evaluation.corruptions.blur import glass_blur, motion_blur
from tendigits.evaluation.corruptions.edges import canny_edges
from tendigits.evaluation.corruptions.geometry import rotate, scale, shear, translate
from tendigits.evaluation.corruptions.light import brightness, fog, stripe
from tendigits.evaluation.corruptions.marks import dotted_line, spatter, zigzag
from tendigits.evaluation.corruptions.noise import impulse_noise, shot_noise

Images = NDArray[np.float32]
STRENGTHS = (1, 2, 3, 4, 5)
CORRUPTIONS: dict[str, Callable[[Images, int, np.random.Generator], Images]] = {
    "shot noise": shot_noise,
    "impulse noise": impulse_noise,
    "glass blur": glass_blur,
    "motion blur": motion_blur,
    "shear": shear,
    "scale": scale,
    "rotate": rotate,
    "brightness": brightness,
    "translate": translate,
    "stripe": stripe,
    "fog": fog,
    "spatter": spatter,
    "dotted line": dotted_line,
    "zigzag": zigzag,
    "canny edges": canny_edges,
}


def corrupt(
    images: NDArray[np.uint8], corruption: str, strength: int, seed: int = 0
) -> NDArray[np.uint8]:
    """Return corrupted copies of images.

    Args:
        images: (n, 28, 28) uint8, 0 for paper and 255 for full ink.
        corruption: one of `CORRUPTIONS`.
        strength: from 1 to 5.
        seed: the same seed gives the same copies.
    """
    number = list(CORRUPTIONS).index(corruption)
    random = np.random.default_rng([seed, number, strength])
    ink = images.astype(np.float32) / np.float32(255)
    corrupted = CORRUPTIONS[corruption](ink, strength, random)
    return np.rint(np.clip(corrupted, 0, 1) * 255).astype(np.uint8)
