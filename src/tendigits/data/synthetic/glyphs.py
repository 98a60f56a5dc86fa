"""Letters, symbols and pieces of words from the fonts that matplotlib ships."""

from functools import cache
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.ft2font import FT2Font
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Ink = NDArray[np.float32]
# Without those that a digit can be taken for: B D G I O Q S Z b g i l o q s y z and the like.
LETTERS = "ACEFHJKLMNPRTUVWXYacdefhjkmnprtuvwx"
SCRIPT = "𝒜𝒞ℰℱℋ𝒥𝒦ℳ𝒩𝒫ℛ𝒯𝒰𝒱𝒲𝒳𝒶𝒸𝒹ℯ𝒻𝒽𝒿𝓀𝓂𝓃𝓅𝓇𝓉𝓊𝓋𝓌𝓍𝓐𝓔𝓗𝓚𝓜𝓡𝓦𝓪𝓭𝓮𝓯𝓱𝓴𝓶𝓷𝓹𝓻𝓽𝔀𝔁"
GREEK_AND_CYRILLIC = "ΓΔΘΛΞΠΣΦΨΩαβγδεθλμπτφψωЖФЩЮЯбдж"
SYMBOLS = "#@%&+=*<>?^~{}$€£§¶←↑→↓↗↘▲■●◆★☺♥♪✓✗∞∑√≠±÷"
IN_WORDS = "abcdefghijklmnopqrstuvwxyz"
SIZE = 48


def glyph(random: np.random.Generator) -> Ink:
    """Draw a letter or a symbol, in any of the fonts that have it."""
    font = random.choice(_fonts())
    return _render(_font(font), random.choice(list(_characters(font))))


def word(random: np.random.Generator) -> Ink:
    """Draw two to five letters that stand close, as those of a word."""
    font = _font(random.choice(_fonts()))
    letters = [_render(font, random.choice(list(IN_WORDS))) for _ in range(random.integers(2, 6))]
    closeness = int(random.integers(0, SIZE // 8))
    widths = [max(1, int(letter.any(axis=0).sum()) - closeness) for letter in letters]
    starts = np.cumsum([0, *widths[:-1]])
    ink = np.zeros((2 * SIZE, int(starts[-1]) + 2 * SIZE), np.float32)
    for start, letter in zip(starts, letters, strict=True):
        left = int(np.flatnonzero(letter.any(axis=0))[0])
        place = ink[:, start : start + 2 * SIZE - left]
        np.maximum(place, letter[:, left:], out=place)
    return ink


def _render(font: ImageFont.FreeTypeFont, character: str) -> Ink:
    image = Image.new("L", (2 * SIZE, 2 * SIZE))
    ImageDraw.Draw(image).text((SIZE // 2, SIZE // 3), character, fill=255, font=font)
    ink: Ink = np.asarray(image, np.float32) / np.float32(255)
    return ink


@cache
def _fonts() -> tuple[str, ...]:
    folder = Path(mpl.get_data_path()) / "fonts" / "ttf"
    # The others hold symbols at odd places.
    found = [*folder.glob("DejaVuS*[!y].ttf"), *folder.glob("STIXGeneral*.ttf")]
    return tuple(sorted(map(str, found)))


@cache
def _characters(path: str) -> str:
    """Return the characters that a font has; plain letters count twice."""
    wanted = LETTERS * 2 + SCRIPT + GREEK_AND_CYRILLIC + SYMBOLS
    had = FT2Font(path).get_charmap()
    return "".join(character for character in wanted if ord(character) in had)


@cache
def _font(path: str) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(path, SIZE)
