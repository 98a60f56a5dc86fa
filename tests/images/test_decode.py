import io
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tendigits import PictureError
from tendigits.images import decode, decode_pages
from tendigits.images.decode import MAX_SIDE

RANDOM = np.random.default_rng(0)
COLOUR = Image.fromarray(
    np.kron(RANDOM.integers(0, 256, (6, 9, 3), dtype=np.uint8), np.ones((8, 8, 1), np.uint8))
)
GREY = COLOUR.convert("L")
PAGES = [Image.new("L", (60, 40), level) for level in (50, 150, 250)]


def encoded(image: Image.Image, form: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


@pytest.mark.parametrize(
    ("image", "form", "tolerance"),
    [
        (COLOUR, "PNG", 1),
        (COLOUR, "BMP", 1),
        (COLOUR, "TIFF", 1),
        (COLOUR, "JPEG", 6),
        (COLOUR, "WEBP", 10),
        (COLOUR.convert("P"), "PNG", 30),
        (COLOUR.convert("P"), "GIF", 30),
        (COLOUR.convert("CMYK"), "TIFF", 1),
        (COLOUR.convert("CMYK"), "JPEG", 6),
        (COLOUR.convert("RGBA"), "PNG", 1),
        (GREY.convert("LA"), "PNG", 1),
        (GREY, "JPEG", 3),
    ],
)
def test_common_formats_are_decoded(image: Image.Image, form: str, tolerance: float) -> None:
    picture = decode(encoded(image, form))
    assert picture.grey.shape == (48, 72)
    assert picture.grey.dtype == np.uint8
    assert picture.scale == 1
    assert np.abs(picture.grey.astype(int) - np.asarray(GREY)).mean() <= tolerance


def test_grey_16_bit_and_1_bit_pictures_are_decoded() -> None:
    grey = np.asarray(GREY)
    for levels in (grey.astype(np.uint16) * 257, grey.astype(np.uint16) * 16):  # 16 and 12 bits
        deep = Image.fromarray(levels)
        for data in (encoded(GREY, "PNG"), encoded(deep, "PNG"), encoded(deep, "TIFF")):
            np.testing.assert_allclose(decode(data).grey, grey, atol=2)
    black_and_white = GREY.point(lambda level: 255 if level > 127 else 0).convert("1")
    expected = np.asarray(black_and_white) * np.uint8(255)
    np.testing.assert_array_equal(decode(encoded(black_and_white, "PNG")).grey, expected)


def test_transparent_colour_of_a_png_becomes_paper() -> None:
    array = np.full((20, 20, 3), (255, 0, 255), np.uint8)
    array[5:15, 5:15] = 0
    grey = decode(encoded(Image.fromarray(array), "PNG", transparency=(255, 0, 255))).grey
    assert (grey[0, 0], grey[10, 10]) == (255, 0)


def test_path_bytes_image_and_array_give_the_same_grey_levels(tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    COLOUR.save(path)
    expected = decode(path).grey
    for source in (str(path), path.read_bytes(), COLOUR, np.asarray(COLOUR)):
        np.testing.assert_array_equal(decode(source).grey, expected)


def test_open_files_bytearrays_and_lists_give_the_same_grey_levels() -> None:
    levels = np.arange(20 * 30, dtype=np.uint8).reshape(20, 30)
    file = io.BytesIO()
    Image.fromarray(levels).save(file, "PNG")
    data = file.getvalue()
    sources: list[Any] = [io.BytesIO(data), bytearray(data), memoryview(data), levels.tolist()]
    for source in sources:
        assert (decode(source).grey == decode(data).grey).all()


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (["a.png", "b.png"], "one by one"),
        ([[1, 2], [3]], "rows of grey levels"),
        (io.StringIO("text"), "mode 'rb'"),
        (7, "cannot be read from int"),
    ],
    ids=["names", "ragged", "text", "number"],
)
def test_objects_that_are_no_pictures_are_rejected(source: Any, reason: str) -> None:
    with pytest.raises(PictureError, match=reason):
        decode(source)


@pytest.mark.parametrize("side", [72, 3100])
@pytest.mark.parametrize("form", ["PNG", "JPEG", "TIFF", "WEBP"])
def test_exif_orientation_is_applied(form: str, side: int) -> None:
    image = COLOUR.resize((side, side * 2 // 3), Image.Resampling.NEAREST)
    exif = Image.Exif()
    exif[0x0112] = 6  # rotate by 90 degrees clockwise
    turned, upright = decode(encoded(image, form, exif=exif)), decode(encoded(image, form))
    difference = np.rot90(turned.grey).astype(int) - upright.grey
    assert np.abs(difference).mean() < 2
    assert turned.scale == upright.scale


def test_decoding_leaves_an_image_as_it_was() -> None:
    image = COLOUR.copy()
    image.getexif()[0x0112] = 6
    assert decode(image).grey.shape == (72, 48)
    assert (image.size, image.getexif()[0x0112]) == ((72, 48), 6)


@pytest.mark.parametrize("size", [(4000, 3000), (3000, 4000), (2100, 1000), (9000, 20)])
@pytest.mark.parametrize("form", ["array", "JPEG", "PNG"])
def test_large_pictures_are_reduced_by_averaging(form: str, size: tuple[int, int]) -> None:
    width, height = size
    stripes = np.tile(np.array([0, 255], np.uint8), (height, width // 2))
    image = Image.fromarray(stripes)
    picture = decode(stripes if form == "array" else encoded(image, form))
    assert MAX_SIDE * 0.75 <= max(picture.grey.shape) <= MAX_SIDE
    assert picture.scale * max(picture.grey.shape) == pytest.approx(max(size))
    height_and_width = np.array(picture.grey.shape)
    assert height_and_width / max(height_and_width) == pytest.approx(
        np.array([height, width]) / max(size), abs=0.001
    )
    assert picture.grey.mean() == pytest.approx(127.5, abs=1)


def test_faint_colours_of_a_jpeg_have_contrast() -> None:
    array = np.full((200, 200, 3), 255, np.uint8)
    array[80:120, 20:180] = (255, 255, 0)
    grey = decode(encoded(Image.fromarray(array), "JPEG", quality=90)).grey
    assert grey[100, 100] < 100
    assert grey[10, 10] > 250


@pytest.mark.parametrize("compression", [None, "tiff_lzw", "group4"])
def test_all_pages_of_a_tiff_are_decoded_in_their_order(compression: str | None) -> None:
    pages = [page.convert("1") for page in PAGES] if compression == "group4" else PAGES
    data = encoded(
        pages[0], "TIFF", save_all=True, append_images=pages[1:], compression=compression
    )
    decoded = [page.grey for page in decode_pages(data)]
    assert len(decoded) == 3
    for page, expected in zip(decoded, pages, strict=True):
        np.testing.assert_array_equal(page, np.asarray(expected.convert("L")))
    np.testing.assert_array_equal(decode(data).grey, decoded[0])


def test_pages_of_a_tiff_can_have_other_sizes_and_modes() -> None:
    data = encoded(GREY, "TIFF", save_all=True, append_images=[COLOUR.rotate(90, expand=True)])
    assert [page.grey.shape for page in decode_pages(data)] == [(48, 72), (72, 48)]


def test_reduced_copies_in_a_tiff_are_no_pages() -> None:
    thumbnail = GREY.resize((9, 6))
    thumbnail.encoderinfo = {"tiffinfo": {254: 1}}
    data = encoded(GREY, "TIFF", save_all=True, append_images=[thumbnail, PAGES[0]])
    assert [page.grey.shape for page in decode_pages(data)] == [(48, 72), (40, 60)]


@pytest.mark.parametrize("form", ["TIFF", "PDF"])
def test_pages_over_the_limit_are_an_error_after_the_pages_before_them(
    form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = encoded(PAGES[0], form, save_all=True, append_images=PAGES[1:])
    module = sys.modules["tendigits.images.decode"]  # the package has the function of that name
    monkeypatch.setattr(module, "MAX_PAGES", 3)
    assert len(list(decode_pages(data))) == 3
    monkeypatch.setattr(module, "MAX_PAGES", 2)
    pages = decode_pages(data)
    assert next(pages).scale == next(pages).scale
    with pytest.raises(PictureError, match=r"^the picture has more than 2 pages; split it\.$"):
        next(pages)


def test_damaged_page_of_a_tiff_is_an_error_after_the_pages_before_it() -> None:
    data = encoded(GREY, "TIFF", save_all=True, append_images=[COLOUR.copy(), GREY])
    pages = decode_pages(data[: len(data) // 2])
    assert next(pages).grey.shape == (48, 72)
    with pytest.raises(PictureError, match=r"^page 2 of the picture is damaged; save it again\.$"):
        list(pages)


@pytest.mark.parametrize("form", ["GIF", "PNG", "WEBP"])
def test_animation_is_its_first_frame(form: str) -> None:
    data = encoded(PAGES[0], form, save_all=True, append_images=PAGES[1:], duration=100)
    (page,) = decode_pages(data)
    assert np.abs(page.grey.astype(int) - 50).max() <= 2


@pytest.mark.parametrize("data", [b"", b"hello", b"\x89PNG\r\n\x1a\n", b"GIF89a", bytes(1000)])
def test_other_bytes_are_rejected(data: bytes) -> None:
    with pytest.raises(PictureError):
        decode(data)


@pytest.mark.parametrize("form", ["PNG", "JPEG", "BMP", "TIFF", "WEBP", "GIF"])
def test_truncated_files_are_decoded_or_rejected(form: str) -> None:
    data = encoded(COLOUR, form)
    for end in range(0, len(data), max(1, len(data) // 40)):
        try:
            picture = decode(data[:end])
        except PictureError:
            continue
        assert picture.grey.shape == (48, 72)


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
