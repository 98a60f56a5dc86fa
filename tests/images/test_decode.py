import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tendigits import PictureError
from tendigits.images import decode
from tendigits.images.decode import MAX_SIDE

RANDOM = np.random.default_rng(0)
COLOUR = Image.fromarray(
    np.kron(RANDOM.integers(0, 256, (6, 9, 3), dtype=np.uint8), np.ones((8, 8, 1), np.uint8))
)
GREY = COLOUR.convert("L")


def encoded(image: Image.Image, form: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


@pytest.mark.parametrize(
    ("image", "form", "tolerance"),
    [
        (COLOUR, "PNG", 0.001),
        (COLOUR, "BMP", 0.001),
        (COLOUR, "TIFF", 0.001),
        (COLOUR, "JPEG", 0.2),
        (COLOUR, "WEBP", 0.35),
        (COLOUR.convert("P"), "PNG", 0.6),
        (COLOUR.convert("P"), "GIF", 0.6),
        (COLOUR.convert("CMYK"), "TIFF", 0.01),
        (COLOUR.convert("CMYK"), "JPEG", 0.3),
        (COLOUR.convert("RGBA"), "PNG", 0.001),
    ],
)
def test_common_formats_are_decoded(image: Image.Image, form: str, tolerance: float) -> None:
    pixels = decode(encoded(image, form)).pixels
    assert pixels.shape == (48, 72, 3)
    assert pixels.dtype == np.float32
    expected = np.asarray(COLOUR) / 255
    assert np.abs(pixels - expected).mean() < tolerance / 2


def test_grey_16_bit_and_1_bit_pictures_are_decoded() -> None:
    grey = np.asarray(GREY)
    deep = Image.fromarray(grey.astype(np.uint16) * 257)
    for data in (encoded(GREY, "PNG"), encoded(deep, "PNG"), encoded(deep, "TIFF")):
        np.testing.assert_allclose(decode(data).pixels[..., 1], grey / 255, atol=0.005)
    black_and_white = GREY.point(lambda level: 255 if level > 127 else 0).convert("1")
    expected = np.asarray(black_and_white, np.float32)
    np.testing.assert_allclose(decode(encoded(black_and_white, "PNG")).pixels[..., 0], expected)


def test_path_bytes_image_and_array_give_the_same_pixels(tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    COLOUR.save(path)
    expected = decode(path).pixels
    for source in (str(path), path.read_bytes(), COLOUR, np.asarray(COLOUR)):
        np.testing.assert_array_equal(decode(source).pixels, expected)


def test_exif_orientation_is_applied() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # rotate by 90 degrees clockwise
    turned = decode(encoded(COLOUR, "PNG", exif=exif)).pixels
    np.testing.assert_allclose(turned, np.rot90(np.asarray(COLOUR) / 255, -1), atol=1e-6)


@pytest.mark.parametrize(("ink", "paper"), [(0, 1.0), (255, 0.0)])
def test_transparent_parts_become_paper_of_the_opposite_lightness(ink: int, paper: float) -> None:
    array = np.zeros((10, 10, 4), np.uint8)
    array[3:7, 3:7] = (ink, ink, ink, 255)
    pixels = decode(array).pixels
    assert (pixels[0, 0] == paper).all()
    assert (pixels[5, 5] == ink / 255).all()


def test_large_pictures_are_reduced() -> None:
    picture = decode(np.zeros((4000, 3000), np.uint8))
    assert max(picture.pixels.shape) == MAX_SIDE
    assert picture.scale == pytest.approx(2.5)


def test_scale_of_a_large_jpeg_is_that_of_the_original() -> None:
    picture = decode(encoded(Image.new("RGB", (4000, 3000)), "JPEG"))
    assert picture.scale * picture.pixels.shape[1] == pytest.approx(4000, rel=0.01)


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 1), np.uint8),
        np.zeros((4, 4, 3), np.float64),
        np.zeros((4, 4), bool),
        np.zeros((4, 4), np.int64),
        np.zeros((1, 1), np.float16),
    ],
)
def test_arrays_of_many_types_are_decoded(array: np.ndarray) -> None:
    assert decode(array).pixels.shape == (*array.shape[:2], 3)


@pytest.mark.parametrize(
    ("array", "reason"),
    [
        (np.zeros(9), "of shape"),
        (np.zeros((2, 2, 5)), "of shape"),
        (np.zeros((0, 5)), "of shape"),
        (np.zeros((2, 2, 2, 2)), "of shape"),
        (np.full((2, 2), np.nan), "NaN or infinity"),
        (np.full((2, 2), np.inf), "NaN or infinity"),
        (np.full((2, 2), 200.0), "floats from 200 to 200; give values from 0 to 1"),
        (np.zeros((2, 2), complex), "complex128"),
        (np.array([["a"]]), "is not a picture"),
    ],
)
def test_other_arrays_are_rejected(array: np.ndarray, reason: str) -> None:
    with pytest.raises(PictureError, match=reason):
        decode(array)


@pytest.mark.parametrize("data", [b"", b"hello", b"\x89PNG\r\n\x1a\n", b"GIF89a", bytes(1000)])
def test_other_bytes_are_rejected(data: bytes) -> None:
    with pytest.raises(PictureError):
        decode(data)


@pytest.mark.parametrize("form", ["PNG", "JPEG", "BMP", "TIFF", "WEBP", "GIF"])
def test_truncated_files_are_decoded_or_rejected(form: str) -> None:
    data = encoded(COLOUR, form)
    for end in range(0, len(data), max(1, len(data) // 40)):
        try:
            pixels = decode(data[:end]).pixels
        except PictureError:
            continue
        assert np.isfinite(pixels).all()


def test_decompression_bombs_are_rejected() -> None:
    bomb = encoded(Image.new("1", (20_000, 20_000)), "PNG")
    assert len(bomb) < 100_000
    with pytest.raises(PictureError, match="more than 100 million pixels; give a smaller"):
        decode(bomb)


def test_folders_and_missing_files_give_an_error(tmp_path: Path) -> None:
    (tmp_path / "x.png").mkdir()
    for path, reason in (
        (tmp_path / "x.png", "is not a file"),
        (tmp_path / "y.png", "No such file"),
    ):
        with pytest.raises(PictureError, match=reason):
            decode(path)


@pytest.mark.parametrize(
    ("dtype", "white"),
    [(np.uint8, 255), (np.int16, 32767), (np.uint16, 65535), (np.int32, 255), (np.int64, 65535)],
)
def test_white_level_depends_on_the_integer_type(dtype: type[np.generic], white: int) -> None:
    pixels = decode(np.array([[0, white]], dtype)).pixels
    np.testing.assert_allclose(pixels[0, :, 0], [0, 1])
