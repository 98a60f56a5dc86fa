import io
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
from PIL import Image

import pdf_files
from paper import on_paper, row
from tendigits import PictureError
from tendigits.data import Dataset
from tendigits.images import decode, decode_pages, documents
from tendigits.images.decode import MAX_SIDE
from tendigits.images.documents import is_heic, is_pdf

GREYS = [Image.new("RGB", (300, 200), (level, level, level)) for level in (50, 150, 250)]


def heic(image: Image.Image, **options: object) -> bytes:
    file = io.BytesIO()
    pillow_heif.from_pillow(image).save(file, **options)
    return file.getvalue()


@pytest.fixture(scope="module")
def photo(mnist: Dataset) -> Image.Image:
    """A photo of 721."""
    return Image.fromarray(on_paper(row(mnist.test.images[:3])))


def test_pages_of_a_pdf_are_decoded_one_by_one_in_their_order() -> None:
    pages = list(decode_pages(pdf_files.scanned(*GREYS)))
    assert [page.grey.shape for page in pages] == [(1365, MAX_SIDE)] * 3
    assert [int(np.median(page.grey)) for page in pages] == pytest.approx([50, 150, 250], abs=2)
    assert [page.scale for page in pages] == [1, 1, 1]
    np.testing.assert_array_equal(decode(pdf_files.scanned(*GREYS)).grey, pages[0].grey)


def test_scanned_picture_is_the_same_in_a_pdf(photo: Image.Image) -> None:
    page = Image.fromarray(decode(pdf_files.scanned(photo)).grey)
    direct = decode(photo).grey.astype(int)
    difference = np.asarray(page.resize(photo.size, Image.Resampling.BOX)) - direct
    assert np.abs(difference).mean() < 3


def test_filled_form_fields_of_a_pdf_are_drawn() -> None:
    appearance = b"(/Helv 60 Tf 0 g)"
    field = (
        b"<< /Type /Annot /Subtype /Widget /FT /Tx /T (a) /V (123) /Rect [100 600 400 700] /F 4 "
        b"/P 3 0 R /DA %s >>" % appearance
    )
    font = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
    form = b"/AcroForm << /Fields [5 0 R] /DA %s /DR << /Font << /Helv 6 0 R >> >> >>" % appearance
    filled = pdf_files.written(b"", field, font, page=b"/Annots [5 0 R]", catalog=form)
    grey = decode(filled).grey
    assert 1000 < (grey < 128).sum() < 100_000


def test_pdf_is_recognised_by_its_content(tmp_path: Path) -> None:
    path = tmp_path / "scan.png"
    path.write_bytes(pdf_files.scanned(*GREYS))
    assert len(list(decode_pages(path))) == 3
    assert is_pdf(b"\xef\xbb\xbf\r\n%PDF-1.4")
    assert not is_pdf(b"a text about %PDF-1.4")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"%PDF-1.7\nhello", "^the picture is damaged or has no pages; save it again.$"),
        (b"%PDF-", "^the picture is damaged or has no pages; save it again.$"),
        (pdf_files.without_pages(), "^the picture is damaged or has no pages; save it again.$"),
        (
            pdf_files.written(
                b"",
                trailer=b"/ID [<00> <00>] /Encrypt << /Filter /Standard /V 1 /R 2 /P -4 "
                b"/O <%s> /U <%s> >>" % (b"00" * 32, b"00" * 32),
            ),
            "^the picture is encrypted; save it without a password.$",
        ),
    ],
    ids=["damaged", "cut", "empty", "encrypted"],
)
def test_pdf_that_cannot_be_read_is_an_error(data: bytes, reason: str) -> None:
    with pytest.raises(PictureError, match=reason):
        decode(data)


@pytest.mark.parametrize("tenth", range(1, 10))
def test_truncated_pdfs_are_decoded_or_rejected(tenth: int) -> None:
    data = pdf_files.scanned(*GREYS)
    try:
        pages = list(decode_pages(data[: len(data) * tenth // 10]))
    except PictureError:
        return
    assert pages


def nested_forms(depth: int) -> bytes:
    """Return a PDF of 2 kB that draws 10 to the power of `depth` rectangles."""
    entries = b"/Type /XObject /Subtype /Form /BBox [0 0 600 800] "
    resources = b"/Resources << /XObject << /X %d 0 R >> >>"
    forms = [
        pdf_files.stream(b"/X Do " * 10, entries + resources % number)
        for number in range(6, 6 + depth)
    ]
    leaf = pdf_files.stream(b"0 0 600 800 re f", entries)
    return pdf_files.written(b"/X Do", *forms, leaf, page=resources % 5)


SLOW = pdf_files.written(
    b"/G gs " + b"0 0 600 800 re f " * 10_000,
    page=b"/Resources << /ExtGState << /G << /ca 0.5 /BM /Luminosity >> >> >>",
)
HUGE = pdf_files.written(
    b"/X Do",
    pdf_files.stream(
        bytes(2**20),
        b"/Subtype /Image /Width 30000 /Height 30000 /BitsPerComponent 8 /ColorSpace /DeviceGray",
    ),
    page=b"/Resources << /XObject << /X 5 0 R >> >>",
)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (SLOW, "Page 1 of the picture takes more than 1 seconds to draw; save it as a picture."),
        (nested_forms(20), "Page 1 of the picture (takes more than 1 seconds|cannot be drawn)"),
        (HUGE, "Page 1 of the picture contains a picture of more than 100 million pixels; give"),
    ],
    ids=["slow", "nested", "huge"],
)
def test_small_pdfs_that_need_much_time_or_memory_are_rejected(
    data: bytes, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "MAX_SECONDS", 1)
    monkeypatch.setattr(documents, "MAX_MEMORY", 2**28)
    assert len(data) < 10_000
    with pytest.raises(PictureError, match=reason):
        decode(data)


def test_pdfs_are_decoded_in_several_threads_at_once() -> None:
    data = pdf_files.scanned(*GREYS)
    with ThreadPoolExecutor(3) as pool:
        pages = list(pool.map(lambda _: decode(data).grey, range(3)))
    np.testing.assert_array_equal(pages[1], pages[0])
    np.testing.assert_array_equal(pages[2], pages[0])


def test_heic_picture_is_decoded(photo: Image.Image) -> None:
    picture = decode(heic(photo, quality=90))
    assert picture.scale == 1
    difference = picture.grey.astype(int) - decode(photo).grey
    assert np.abs(difference).mean() < 3


def test_heic_picture_is_recognised_by_its_content(tmp_path: Path, photo: Image.Image) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(heic(photo))
    assert decode(path).grey.shape == (photo.height, photo.width)
    assert is_heic(path.read_bytes())


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", True),
        (b"\0\0\0\x1cftypmif1\0\0\0\0mif1avifmiaf", False),
        (b"\0\0\0\x18ftypavif\0\0\0\0mif1avif", False),
        (b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom", False),
        (b"\x89PNG\r\n\x1a\n", False),
        (b"", False),
    ],
)
def test_heic_is_distinguished_from_avif_and_videos(head: bytes, expected: bool) -> None:
    assert is_heic(head) is expected


def test_heic_photo_of_a_turned_phone_is_upright(photo: Image.Image) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # rotate by 90 degrees clockwise
    turned = decode(heic(photo, exif=exif.tobytes(), quality=90)).grey
    difference = np.rot90(turned).astype(int) - decode(photo).grey
    assert np.abs(difference).mean() < 3


def test_truncated_heic_pictures_are_decoded_or_rejected(photo: Image.Image) -> None:
    data = heic(photo)
    for end in range(12, len(data), len(data) // 40):
        try:
            picture = decode(data[:end])
        except PictureError:
            continue
        assert picture.grey.size


@pytest.mark.parametrize(
    ("library", "what", "data"),
    [
        ("pypdfium2", "a PDF", pdf_files.scanned(*GREYS)),
        ("pi_heif", "a HEIC picture", heic(GREYS[0])),
    ],
)
def test_error_names_the_extra_where_the_library_is_not_installed(
    library: str, what: str, data: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(PictureError) as error:
        decode(data)
    assert str(error.value) == (
        f"the picture is {what}, which needs {library}; install it with: "
        "pip install 'tendigits[documents]'"
    )
