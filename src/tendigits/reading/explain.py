"""Drawings of what was read in a picture, and its frames as files with labels."""

import json
from collections.abc import Sequence
from dataclasses import astuple
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from tendigits.errors import PictureError
from tendigits.files import atomic_write, write_text
from tendigits.images import PictureSource, decode
from tendigits.reading.reader import ReadDigit, Reading

PICTURE_SIDE = 640
FRAME_SIDE = 112
ACCEPTED, REJECTED = (0, 128, 60), (200, 30, 30)


def draw_explanation(picture: PictureSource, reading: Reading, path: Path) -> None:
    """Write a PNG: the picture with a box around each shape, and to its right the enlarged frames.

    Accepted shapes are green and rejected ones red. Below each frame are its digit and the second
    most probable one, with their confidences.
    """
    decoded = decode(picture)
    image = Image.fromarray(decoded.grey).convert("RGB")
    shown = PICTURE_SIDE / max(image.size)
    image = image.resize([max(1, round(side * shown)) for side in image.size])
    draw = ImageDraw.Draw(image)
    for digit in reading.digits:
        box = [side * shown / decoded.scale for side in astuple(digit.box)]
        draw.rectangle(box, outline=_colour(digit), width=2)
    _save(_beside(image, [_captioned(digit) for digit in reading.digits]), path)


def write_crops(name: str, reading: Reading, folder: Path) -> None:
    """Write each frame as a PNG and add one line per frame to `labels.jsonl`.

    The file name contains the picture's name, the index of the shape, and the digit or
    `rejected`. A line contains `{"file", "digit", "accepted", "confidence"}`.
    """
    stem = Path(name).stem if name != "-" else "stdin"
    lines = []
    for number, digit in enumerate(reading.digits):
        file = f"{stem}-{number:03d}-{digit.character.replace('?', 'rejected')}.png"
        _save(Image.fromarray(digit.frame), folder / file)
        entry = {
            "file": file,
            "digit": digit.digit,
            "accepted": digit.accepted,
            "confidence": round(digit.confidence, 6),
        }
        lines.append(json.dumps(entry) + "\n")
    listed = folder / "labels.jsonl"
    before = listed.read_text(encoding="utf-8") if listed.exists() else ""
    write_text(listed, before + "".join(lines))


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


def _save(image: Image.Image, path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(path) as partial:
            image.save(partial, format="PNG")
    except OSError as error:
        raise PictureError(
            f"{path} cannot be written: {error.strerror or error}; choose another path."
        ) from error
