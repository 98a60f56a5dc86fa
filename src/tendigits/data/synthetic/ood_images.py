"""Out-of-distribution (OOD) images: letters, doodles, textures and digits made unreadable.

Each drawing function returns ink: a float32 array of any shape, 0 for paper and 1 for full ink.
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.ft2font import FT2Font
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage
from scipy.interpolate import CubicSpline

from tendigits.data.dataset import IMAGE_SIZE, LabelledImages
from tendigits.errors import DataError
from tendigits.images import make_frame

Ink = NDArray[np.float32]
Draw = Callable[[np.random.Generator, LabelledImages], Ink]

_FONT_SIZE = 48  # pixels
# Letters that resemble a digit are left out: B D G I O Q S Z b g i l o q s y z and the like.
_LETTERS = "ACEFHJKLMNPRTUVWXYacdefhjkmnprtuvwx"
_SCRIPT = "𝒜𝒞ℰℱℋ𝒥𝒦ℳ𝒩𝒫ℛ𝒯𝒰𝒱𝒲𝒳𝒶𝒸𝒹ℯ𝒻𝒽𝒿𝓀𝓂𝓃𝓅𝓇𝓉𝓊𝓋𝓌𝓍𝓐𝓔𝓗𝓚𝓜𝓡𝓦𝓪𝓭𝓮𝓯𝓱𝓴𝓶𝓷𝓹𝓻𝓽𝔀𝔁"
_GREEK_AND_CYRILLIC = "ΓΔΘΛΞΠΣΦΨΩαβγδεθλμπτφψωЖФЩЮЯбдж"
_SYMBOLS = "#@%&+=*<>?^~{}$€£§¶←↑→↓↗↘▲■●◆★☺♥♪✓✗∞∑√≠±÷"
_LETTERS_OF_WORDS = "abcdefghijklmnopqrstuvwxyz"

_DOODLE_SIZE = 64  # pixels along each side
_DIGITS_TO_ROTATE = (2, 3, 4, 5, 7, 8)  # rotated by 90 degrees, these resemble no other digit
_DIGITS_TO_CUT = (2, 3, 4, 5)  # halves of these are non-digits; half of an 8 would be a 0


def _glyph(random: np.random.Generator) -> Ink:
    """Draw a letter or a symbol, in any of the fonts that have it."""
    font = random.choice(_font_paths())
    return _render(_load_font(font), random.choice(list(_characters(font))))


def _word(random: np.random.Generator) -> Ink:
    """Draw two to five letters as close together as in a word."""
    font = _load_font(random.choice(_font_paths()))
    letters = [
        _render(font, random.choice(list(_LETTERS_OF_WORDS))) for _ in range(random.integers(2, 6))
    ]
    overlap = int(random.integers(0, _FONT_SIZE // 8))
    widths = [max(1, int(letter.any(axis=0).sum()) - overlap) for letter in letters]
    starts = np.cumsum([0, *widths[:-1]])
    ink = np.zeros((2 * _FONT_SIZE, int(starts[-1]) + 2 * _FONT_SIZE), np.float32)
    for start, letter in zip(starts, letters, strict=True):
        left = int(np.flatnonzero(letter.any(axis=0))[0])
        place = ink[:, start : start + 2 * _FONT_SIZE - left]
        np.maximum(place, letter[:, left:], out=place)
    return ink


def _render(font: ImageFont.FreeTypeFont, character: str) -> Ink:
    image = Image.new("L", (2 * _FONT_SIZE, 2 * _FONT_SIZE))
    position = (_FONT_SIZE // 2, _FONT_SIZE // 3)
    ImageDraw.Draw(image).text(position, character, fill=255, font=font)
    return ink_of(image)


@cache
def _font_paths() -> tuple[str, ...]:
    """Return the files of the fonts that matplotlib ships, without its symbol fonts."""
    folder = Path(mpl.get_data_path()) / "fonts" / "ttf"
    found = [*folder.glob("DejaVuS*[!y].ttf"), *folder.glob("STIXGeneral*.ttf")]
    return tuple(sorted(map(str, found)))


@cache
def _characters(font: str) -> str:
    """Return the characters to draw that a font has; plain letters count twice."""
    wanted = _LETTERS * 2 + _SCRIPT + _GREEK_AND_CYRILLIC + _SYMBOLS
    available = FT2Font(font).get_charmap()
    return "".join(character for character in wanted if ord(character) in available)


@cache
def _load_font(path: str) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(path, _FONT_SIZE)


def _scribble(random: np.random.Generator) -> Ink:
    """Draw one to four winding curves."""
    image, draw = _blank_image()
    for _ in range(random.integers(1, 5)):
        points = random.uniform(0.1, 0.9, (random.integers(6, 12), 2)) * _DOODLE_SIZE
        curve = CubicSpline(np.arange(len(points)), points)(np.linspace(0, len(points) - 1, 120))
        _draw_line(draw, curve, _line_width(random))
    return ink_of(image)


def _filled_polygon(random: np.random.Generator) -> Ink:
    """Draw a filled polygon of three to nine corners, a filled rectangle or a filled ellipse."""
    image, draw = _blank_image()
    if random.random() < 0.3:
        low, high = random.uniform(2, 22, 2), random.uniform(40, 62, 2)
        shape = draw.ellipse if random.random() < 0.4 else draw.rectangle
        shape([*low, *high], fill=255)
    else:
        count = int(random.integers(3, 10))
        angles = np.sort(random.uniform(0, 2 * np.pi, count))
        draw.polygon(_around_centre(angles, 28 * random.uniform(0.5, 1, count)), fill=255)
    return _maybe_shaded(ink_of(image), random)


def _star(random: np.random.Generator) -> Ink:
    """Draw a star of four to seven points, filled or in outline."""
    image, draw = _blank_image()
    corners = 2 * int(random.integers(4, 8))
    angles = np.arange(corners) * 2 * np.pi / corners + random.uniform(0, np.pi)
    radii = np.where(np.arange(corners) % 2, random.uniform(8, 16), 28)
    fill = 255 if random.random() < 0.6 else 0
    width = _line_width(random)
    draw.polygon(_around_centre(angles, radii), fill=fill, outline=255, width=width)
    return ink_of(image)


def _triangle(random: np.random.Generator) -> Ink:
    """Draw the outline of a triangle."""
    image, draw = _blank_image()
    angles = np.arange(3) * 2 * np.pi / 3 + random.uniform(0, 2 * np.pi)
    corners = _around_centre(angles, random.uniform(22, 28, 3))
    draw.polygon(corners, outline=255, width=_line_width(random))
    return ink_of(image)


def _grid(random: np.random.Generator) -> Ink:
    """Draw lines that cross at right angles."""
    image, draw = _blank_image()
    width = _line_width(random)
    for x in random.uniform(6, 58, random.integers(2, 5)):
        _draw_line(draw, np.array([[x, 6], [x, 58]]), width)
    for y in random.uniform(6, 58, random.integers(2, 5)):
        _draw_line(draw, np.array([[6, y], [58, y]]), width)
    return ink_of(image)


def _blot(random: np.random.Generator) -> Ink:
    """Draw a blot: smooth noise above a threshold."""
    smooth = _smooth_noise(random, random.uniform(4, 12))
    fade = np.hypot(*(np.indices((_DOODLE_SIZE, _DOODLE_SIZE)) - _DOODLE_SIZE / 2)) / _DOODLE_SIZE
    threshold = np.quantile(smooth - 2 * fade, random.uniform(0.4, 0.8))
    return _maybe_shaded((smooth - 2 * fade > threshold).astype(np.float32), random)


def _texture(random: np.random.Generator) -> Ink:
    """Draw noise, smoothed over 0.5 to 5 pixels."""
    smooth = _smooth_noise(random, random.uniform(0.5, 5))
    low, high = np.quantile(smooth, [random.uniform(0.1, 0.6), 0.98])
    ink: Ink = np.clip((smooth - low) / (high - low), 0, 1)
    return ink


def _blank_image() -> tuple[Image.Image, ImageDraw.ImageDraw]:
    image = Image.new("L", (_DOODLE_SIZE, _DOODLE_SIZE))
    return image, ImageDraw.Draw(image)


def _draw_line(draw: ImageDraw.ImageDraw, points: NDArray[np.float64], width: int) -> None:
    draw.line([tuple(point) for point in points], fill=255, width=width, joint="curve")


def _line_width(random: np.random.Generator) -> int:
    return int(random.integers(2, 8))


def _around_centre(
    angles: NDArray[np.float64], radii: NDArray[np.float64]
) -> list[tuple[float, float]]:
    """Return the points at these angles and distances from the centre of the image."""
    centre = _DOODLE_SIZE / 2
    x, y = centre + radii * np.cos(angles), centre + radii * np.sin(angles)
    return list(zip(x.tolist(), y.tolist(), strict=True))


def _maybe_shaded(ink: Ink, random: np.random.Generator) -> Ink:
    """Half of the time, vary the ink within a shape as in a photo of an object."""
    if random.random() < 0.5:
        return ink
    shades = _smooth_noise(random, random.uniform(1, 8))
    shades = (shades - shades.min()) / (np.ptp(shades) + 1e-9)
    depth = np.float32(random.uniform(0.2, 0.8))
    shaded: Ink = ink * (1 - depth * shades)
    return shaded


def _smooth_noise(random: np.random.Generator, sigma: float) -> NDArray[np.float32]:
    noise = random.standard_normal((_DOODLE_SIZE, _DOODLE_SIZE)).astype(np.float32)
    smooth: NDArray[np.float32] = ndimage.gaussian_filter(noise, sigma)
    smooth /= smooth.std() + 1e-9
    return smooth


def _pair_of_digits(random: np.random.Generator, digits: LabelledImages) -> Ink:
    """Draw two digits side by side, apart or touching."""
    left, right = (_trimmed(_random_digit(random, digits, None)) for _ in range(2))
    gap = int(random.integers(-3, 5))
    width = left.shape[1] + right.shape[1] + gap
    ink = np.zeros((max(len(left), len(right)), width), np.float32)
    ink[: len(left), : left.shape[1]] = left
    place = ink[: len(right), -right.shape[1] :]
    np.maximum(place, right, out=place)
    return ink


def _rotated_digit(random: np.random.Generator, digits: LabelledImages) -> Ink:
    """Draw a digit rotated by 90 degrees, either way."""
    ink: Ink = np.rot90(_random_digit(random, digits, _DIGITS_TO_ROTATE), random.choice([1, 3]))
    return ink


def _cut_digit(random: np.random.Generator, digits: LabelledImages) -> Ink:
    """Draw the upper or the lower half of a digit."""
    ink = _trimmed(_random_digit(random, digits, _DIGITS_TO_CUT))
    middle = len(ink) // 2
    return ink[:middle] if random.random() < 0.5 else ink[middle:]


def _random_digit(
    random: np.random.Generator, digits: LabelledImages, labels: tuple[int, ...] | None
) -> Ink:
    """Return the ink (28, 28) of a digit with one of `labels`; of any digit if None."""
    while True:
        index = int(random.integers(len(digits)))
        image = digits.images[index]
        if (labels is None or digits.labels[index] in labels) and image.any():
            ink: Ink = image.astype(np.float32) / np.float32(255)
            return ink


def _trimmed(ink: Ink) -> Ink:
    """Return ink without the empty rows and columns around it."""
    rows, columns = (np.flatnonzero(ink.any(axis=axis)) for axis in (1, 0))
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


# Each kind's drawing function, and its weight among all kinds.
OOD_KINDS: dict[str, tuple[Draw, int]] = {
    "glyph": (lambda random, _: _glyph(random), 8),
    "word": (lambda random, _: _word(random), 3),
    "scribble": (lambda random, _: _scribble(random), 3),
    "filled polygon": (lambda random, _: _filled_polygon(random), 2),
    "star": (lambda random, _: _star(random), 1),
    "triangle": (lambda random, _: _triangle(random), 1),
    "grid": (lambda random, _: _grid(random), 1),
    "blot": (lambda random, _: _blot(random), 3),
    "texture": (lambda random, _: _texture(random), 2),
    "pair of digits": (_pair_of_digits, 3),
    "rotated digit": (_rotated_digit, 1),
    "cut digit": (_cut_digit, 1),
}


def draw_ood_images(count: int, digits: LabelledImages, seed: int) -> NDArray[np.uint8]:
    """Draw frames that show no digit.

    Args:
        count: the number of frames.
        digits: the source of pairs and parts of digits; must not contain held-out images.
        seed: the same seed draws the same frames.

    Returns:
        (count, 28, 28) uint8, 0 for paper and 255 for full ink.

    Raises:
        DataError: `digits` has none of the digits that are cut and rotated.
    """
    shows_ink = digits.images.any(axis=(1, 2))
    if count and not np.isin(digits.labels[shows_ink], _DIGITS_TO_CUT).any():
        raise DataError(
            "OOD images are drawn from digits 2 to 5, and the training images have none; "
            "use a recipe without ood or another data set."
        )
    random = np.random.default_rng([seed, 0x0D1])
    draws = [draw for draw, _ in OOD_KINDS.values()]
    weights = np.array([weight for _, weight in OOD_KINDS.values()], dtype=float)
    chosen = random.choice(len(draws), size=count, p=weights / weights.sum())
    frames = [frame_ink(draws[kind](random, digits)) for kind in chosen]
    return np.array(frames, dtype=np.uint8).reshape(count, IMAGE_SIZE, IMAGE_SIZE)


def frame_ink(ink: Ink) -> NDArray[np.uint8]:
    """Return the frame (28, 28) of some ink, made in the same way as from a shape of a picture."""
    rows, columns = (np.flatnonzero((ink > 0.2).any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return np.zeros((IMAGE_SIZE, IMAGE_SIZE), np.uint8)
    return make_frame(ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])


def ink_of(image: Image.Image) -> Ink:
    """Return the ink of an image of mode L that has 255 for full ink."""
    ink: Ink = np.asarray(image, np.float32) / np.float32(255)
    return ink
