"""Letters and symbols from the fonts that matplotlib ships."""

from functools import cache
from pathlib import Path

import matplotlib as mpl
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

# Without those that a digit can be taken for: B D G I O Q S Z b g i l o q s y z and the like.
LETTERS = "ACEFHJKLMNPRTUVWXYacdefhjkmnprtuvwx"
GREEK_AND_CYRILLIC = "ΓΔΘΛΞΠΣΦΨΩαβγδεθλμπτφψωЖФЩЮЯбдж"
SYMBOLS = "#@%&+=*<>?^~{}$€£§¶←↑→↓↗↘▲■●◆★☺♥♪✓✗∞∑√∫≠±÷"
SIZE = 48


def glyph(random: np.random.Generator) -> NDArray[np.float32]:
    """Draw a letter or a symbol, in any of the fonts that have it."""
    while True:
        character = random.choice(list(LETTERS * 2 + GREEK_AND_CYRILLIC + SYMBOLS))
        ink = _render(_font(random.choice(_fonts())), character)
        if ink.any():
            return ink


def _render(font: ImageFont.FreeTypeFont, character: str) -> NDArray[np.float32]:
    image = Image.new("L", (2 * SIZE, 2 * SIZE))
    ImageDraw.Draw(image).text((SIZE // 2, SIZE // 3), character, fill=255, font=font)
    ink: NDArray[np.float32] = np.asarray(image, np.float32) / np.float32(255)
    return ink


@cache
def _fonts() -> tuple[str, ...]:
    folder = Path(mpl.get_data_path()) / "fonts" / "ttf"
    # DejaVu has every character that is drawn here; the others hold symbols at odd places.
    return tuple(sorted(str(path) for path in folder.glob("DejaVuS*[!y].ttf")))


@cache
def _font(path: str) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(path, SIZE)
