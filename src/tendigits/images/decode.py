"""Decoding: from a file, bytes, a PIL image or an array to upright, opaque RGB in [0, 1]."""

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from tendigits.errors import PictureError

PictureSource = str | Path | bytes | Image.Image | NDArray[np.generic]

MAX_BYTES = 100 * 2**20
MAX_PIXELS = 100_000_000
# Enough for a page of digits; a photo of 12 megapixels is reduced to 0.4 of its width.
MAX_SIDE = 1600
SMALL = 40  # pixels; a picture whose sides are not longer contains a single digit


@dataclass(frozen=True, eq=False)
class Picture:
    """A decoded picture.

    Attributes:
        pixels: (h, w, 3) float32 in [0, 1], no side longer than 1,600.
        scale: the width of one of these pixels in pixels of the original picture.
    """

    pixels: NDArray[np.float32]
    scale: float

    @property
    def is_small(self) -> bool:
        """Whether it has so few pixels that it contains a single digit."""
        height, width, _ = self.pixels.shape
        return int(max(height, width)) <= SMALL


def decode(source: PictureSource) -> Picture:
    """Return a picture upright (as EXIF says), opaque (transparent parts become paper) and in RGB.

    Args:
        source: a path, the bytes of a file, a PIL image, or an array of shape (h, w), (h, w, 1),
            (h, w, 3) or (h, w, 4), with alpha as the fourth channel. White is 1 in floats, the
            largest value of the type in integers of up to 16 bits, and in wider integers 255, or
            65535 if any value is larger than 255.

    Raises:
        PictureError: it is not a picture, damaged, empty, or over a limit.
    """
    if isinstance(source, np.ndarray):
        pixels = _from_array(source)
        return _limited(pixels, max(pixels.shape[:2]))
    if isinstance(source, Image.Image):
        _check_size(source, "the picture")
        with _pillow_errors("the picture"):
            return _from_pil(source, max(source.size))
    name = "the picture" if isinstance(source, bytes) else str(source)
    data = source if isinstance(source, bytes) else _read(Path(source))
    if not data:
        raise PictureError(f"{name} is empty; give an image file.")
    with _pillow_errors(name), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow warns of unusual metadata, which is harmless
        with Image.open(io.BytesIO(data)) as image:
            _check_size(image, name)
            full_side = max(image.size)
            # JPEGs are decoded at half or a quarter of their size, which is several times faster.
            image.draft("RGB", (MAX_SIDE, MAX_SIDE))
            return _from_pil(image, full_side)


def _read(path: Path) -> bytes:
    try:
        if path.exists() and not path.is_file():
            raise PictureError(f"{path} is not a file; give an image file.")
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise PictureError(f"{path} cannot be read: {reason}.") from error
    if len(data) > MAX_BYTES:
        raise PictureError(f"{path} is larger than {MAX_BYTES >> 20} MiB; give a smaller picture.")
    return data


@contextmanager
def _pillow_errors(name: str) -> Iterator[None]:
    """Turn any error of Pillow into a PictureError; damaged files can raise nearly anything."""
    try:
        yield
    except PictureError:
        raise
    except Image.DecompressionBombError as error:
        raise PictureError(
            f"{name} has more than {MAX_PIXELS // 1_000_000} million pixels; give a smaller one."
        ) from error
    except UnidentifiedImageError as error:
        raise PictureError(
            f"{name} is not a picture; give a PNG, JPEG, WebP, BMP, GIF or TIFF."
        ) from error
    except Exception as error:
        raise PictureError(f"{name} is damaged; save it again.") from error


def _check_size(image: Image.Image, name: str) -> None:
    if image.width * image.height > MAX_PIXELS:
        raise PictureError(
            f"{name} has more than {MAX_PIXELS // 1_000_000} million pixels; give a smaller one."
        )


def _from_pil(image: Image.Image, full_side: int) -> Picture:
    upright = _in_plain_mode(ImageOps.exif_transpose(image))
    return _limited(_from_array(np.asarray(_reduced(upright))), full_side)


def _reduced(image: Image.Image) -> Image.Image:
    """Return an 8-bit picture with at most 1,600 pixels per side, before it becomes float32."""
    scale = max(image.size) / MAX_SIDE
    if scale <= 1 or image.mode not in ("L", "RGB"):
        return image
    return image.resize(_size(image.size, scale), Image.Resampling.BOX)


def _in_plain_mode(image: Image.Image) -> Image.Image:
    """Return the picture in a mode whose array is grey or RGB, with or without alpha."""
    if image.mode in ("L", "LA", "RGB", "RGBA", "1", "F") or image.mode.startswith("I"):
        return image
    if image.mode == "PA" or "transparency" in image.info:
        return image.convert("RGBA")
    return image.convert("RGB")


def _from_array(array: NDArray[np.generic]) -> NDArray[np.float32]:
    """Return (h, w, 3) float32 in [0, 1]."""
    values = _in_unit_range(array)
    if values.ndim == 2:
        values = values[..., np.newaxis]
    if values.ndim != 3 or values.shape[2] not in (1, 2, 3, 4) or 0 in values.shape:
        raise PictureError(
            f"An array of shape {array.shape} is not a picture; "
            "give (h, w), (h, w, 3) or (h, w, 4)."
        )
    if values.shape[0] * values.shape[1] > MAX_PIXELS:
        raise PictureError(
            f"An array of shape {array.shape} is too large; give at most "
            f"{MAX_PIXELS // 1_000_000} million pixels."
        )
    if values.shape[2] in (2, 4):
        values = _on_paper(values[..., :-1], values[..., -1:])
    return np.broadcast_to(values, (*values.shape[:2], 3))


def _in_unit_range(array: NDArray[Any]) -> NDArray[np.float32]:
    if array.dtype == bool:
        return array.astype(np.float32)
    if np.issubdtype(array.dtype, np.integer):
        levels: NDArray[np.float32] = np.divide(array, _full_level(array), dtype=np.float32)
        return levels.clip(0, 1, out=levels)
    if np.issubdtype(array.dtype, np.floating):
        if not np.isfinite(array).all():
            raise PictureError("The array contains NaN or infinity; give values from 0 to 1.")
        low, high = (float(array.min()), float(array.max())) if array.size else (0.0, 0.0)
        if low < 0 or high > 1:
            raise PictureError(
                f"The array contains floats from {low:g} to {high:g}; give values from 0 to 1."
            )
        return np.asarray(array, dtype=np.float32)
    raise PictureError(f"An array of {array.dtype} is not a picture; give uint8 or float.")


def _full_level(array: NDArray[Any]) -> int:
    """Return the white level. Integers of more than 16 bits contain 8 or (from Pillow) 16."""
    if array.dtype.itemsize <= 2:
        return int(np.iinfo(array.dtype).max)
    return 255 if array.size and int(array.max()) <= 255 else 65535


def _on_paper(colour: NDArray[np.float32], alpha: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return a drawing on white paper, or on black paper if the drawing is light."""
    weight = float(alpha.sum())
    lightness = float((colour.mean(axis=2, keepdims=True) * alpha).sum()) / weight if weight else 0
    paper = np.float32(0 if lightness > 0.5 and alpha.min() < 0.5 else 1)
    return colour * alpha + paper * (1 - alpha)


def _limited(pixels: NDArray[np.float32], full_side: int) -> Picture:
    """Return a picture with at most 1,600 pixels per side, averaged over blocks of the original."""
    height, width = pixels.shape[:2]
    scale = max(height, width) / MAX_SIDE
    if scale > 1:
        planes = [Image.fromarray(np.ascontiguousarray(pixels[..., plane])) for plane in range(3)]
        size = _size((width, height), scale)
        resized = [np.asarray(plane.resize(size, Image.Resampling.BOX)) for plane in planes]
        pixels = np.stack(resized, axis=2)
    return Picture(np.ascontiguousarray(pixels), full_side / max(pixels.shape[:2]))


def _size(size: tuple[int, int], scale: float) -> tuple[int, int]:
    width, height = size
    return max(1, round(width / scale)), max(1, round(height / scale))
