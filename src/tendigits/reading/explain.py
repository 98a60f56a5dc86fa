"""Drawings of what was read in a picture."""

import base64
import html
import io
from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

from tendigits.images import Box, Picture
from tendigits.reading.results import ReadDigit, Reading

# The longer side of the drawn picture in pixels, at least and at most.
PICTURE_SIDES = (640, 1280)
FRAME_SIDE = 112
MARGIN = 6  # of a box around a box, in pixels
ACCEPTED, REJECTED = (0, 128, 60), (200, 30, 30)
NUMBER, LINE = (20, 80, 200), (150, 150, 150)

Corners = tuple[float, float, float, float]


def draw_explanation(picture: Picture, reading: Reading) -> bytes:
    """Return a PNG: the picture with what was found in it, and to its right the enlarged frames.

    Accepted digits are green and rejected ones red. Each number is in a blue box with its text
    and confidence, and each line in a grey box. Below each frame are its digit and the second most
    probable one, with their confidences.
    """
    image = _shown(picture)
    scale = image.width / (picture.grey.shape[1] * picture.scale)
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(14)
    numbers = [_around([number.box], scale, MARGIN) for number in reading.numbers]
    for line in _lines(reading):
        draw.rectangle(_around(line, scale, 2 * MARGIN), outline=LINE)
    for digit in reading.digits:
        draw.rectangle(_around([digit.box], scale), outline=_colour(digit), width=2)
    for number, box in zip(reading.numbers, numbers, strict=True):
        draw.rectangle(box, outline=NUMBER, width=2)
        _write_above(draw, box, f"{number.text}  {number.confidence:.3f}", font)
    file = io.BytesIO()
    _beside(image, [_captioned(digit) for digit in reading.digits]).save(file, "PNG")
    return file.getvalue()


def as_html(reading: Reading) -> str:
    """Return the text that was read and, if the reading has its picture, the drawing as HTML."""
    text = html.escape(reading.text) or f"({reading.status})"
    title = f'<pre style="font-size: 1.5em">{text}</pre><p>confidence {reading.confidence:.3f}</p>'
    if reading.picture is None:
        return title
    drawing = base64.b64encode(draw_explanation(reading.picture, reading)).decode()
    source = f"data:image/png;base64,{drawing}"
    return f'{title}<img src="{source}" alt="What was read" style="max-width: 100%">'


def _shown(picture: Picture) -> Image.Image:
    image = Image.fromarray(picture.grey).convert("RGB")
    least, most = PICTURE_SIDES
    shown = min(max(least, *image.size), most) / max(image.size)
    return image.resize([max(1, round(side * shown)) for side in image.size])


def _lines(reading: Reading) -> list[list[Box]]:
    """Return the boxes of the numbers of each line."""
    lines: dict[int, list[Box]] = {}
    for number in reading.numbers:
        lines.setdefault(number.line, []).append(number.box)
    return list(lines.values())


def _around(boxes: Sequence[Box], scale: float, margin: float = 0) -> Corners:
    """Return the box around boxes of the original picture, in pixels of the drawn one."""
    return (
        min(box.left for box in boxes) * scale - margin,
        min(box.top for box in boxes) * scale - margin,
        max(box.right for box in boxes) * scale + margin,
        max(box.bottom for box in boxes) * scale + margin,
    )


def _write_above(
    draw: ImageDraw.ImageDraw,
    box: Corners,
    text: str,
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
) -> None:
    """Write a text above a box, on white; inside the picture, if the box is at its top."""
    left, _, right, bottom = draw.textbbox((0, 0), text, font=font)
    x, y = max(0, box[0]), max(0, box[1] - bottom - 2)
    draw.rectangle((x, y, x + right - left + 3, y + bottom + 1), fill="white")
    draw.text((x + 2 - left, y), text, fill=NUMBER, font=font)


def _colour(digit: ReadDigit) -> tuple[int, int, int]:
    return ACCEPTED if digit.accepted else REJECTED


def _captioned(digit: ReadDigit) -> Image.Image:
    tile = Image.new("RGB", (FRAME_SIDE, FRAME_SIDE + 34), "white")
    frame = Image.fromarray(digit.frame).resize((FRAME_SIDE, FRAME_SIDE), Image.Resampling.NEAREST)
    tile.paste(frame, (0, 0))
    second = digit.second
    text = (
        f"{digit.character}  {digit.confidence:.3f}",
        f"{second.digit}  {second.confidence:.3f}",
    )
    draw, font = ImageDraw.Draw(tile), ImageFont.load_default(13)
    draw.text((4, FRAME_SIDE), text[0], fill=_colour(digit), font=font)
    draw.text((4, FRAME_SIDE + 16), text[1], fill=(120, 120, 120), font=font)
    return tile


def _beside(image: Image.Image, tiles: Sequence[Image.Image]) -> Image.Image:
    """Return the picture with the tiles in rows of four to its right."""
    columns, gap = min(4, max(1, len(tiles))), 8
    tile_height = FRAME_SIDE + 34 + gap
    rows = -(-len(tiles) // columns)
    size = (
        image.width + gap + columns * (FRAME_SIDE + gap),
        max(image.height, rows * tile_height),
    )
    drawing = Image.new("RGB", size, "white")
    drawing.paste(image, (0, 0))
    for number, tile in enumerate(tiles):
        row, column = divmod(number, columns)
        left = image.width + gap + column * (FRAME_SIDE + gap)
        drawing.paste(tile, (left, row * tile_height))
    return drawing
