import io
import sys

import numpy as np
import pillow_heif
import pytest
from numpy.typing import NDArray
from PIL import Image
from PIL.TiffImagePlugin import TiffImageFile

import pdf_files
from paper import on_paper, row
from server_process import png
from tendigits import Reader
from tendigits.data import Dataset
from tendigits.images import Box
from tendigits.reading.fitting import wanted_pattern
from tendigits.reading.numbers import Number
from tendigits.reading.occlusion import Occlusion
from tendigits.reading.results import Reading
from tendigits.reading.schemas import png_data_url
from tendigits.server import task_runner
from tendigits.server.task_runner import run_task
from tendigits.server.tasks import FrameToOcclude, Picture, ReadOptions, ReadPicture, Rejected

LIMIT = 1_000_000


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader(threads=1)


@pytest.fixture(scope="module")
def page(mnist: Dataset) -> NDArray[np.uint8]:
    """A page with 721."""
    return on_paper(row(mnist.test.images[:3]))


def file_of(form: str, *pages: NDArray[np.uint8]) -> bytes:
    """Return pictures as one file of a form that Pillow writes, or HEIC."""
    file = io.BytesIO()
    first, *others = [Image.fromarray(each) for each in pages]
    if form == "HEIC":
        pillow_heif.from_pillow(first).save(file)
    else:
        first.save(file, form, save_all=True, append_images=others)
    return file.getvalue()


def test_the_outcome_of_a_picture_is_its_result_and_its_frames(
    reader: Reader, mnist: Dataset
) -> None:
    content = png(on_paper(row(mnist.test.images[:3])))
    outcome = run_task(reader, Picture("a.png", content), LIMIT)
    assert isinstance(outcome, ReadPicture)
    (result,) = outcome.results
    assert (result.file, result.text) == ("a.png", "721")
    assert outcome.frames.shape == (3, 28, 28)
    assert all(digit.frame is None for digit in outcome.results[0].digits)


def test_requested_frames_and_probabilities_are_those_of_the_reader(
    reader: Reader, mnist: Dataset
) -> None:
    outcome = run_task(reader, Picture("-", mnist.test.images[0], ReadOptions(frames=True)), LIMIT)
    assert isinstance(outcome, ReadPicture)
    (digit,) = outcome.results[0].digits
    assert digit.frame == png_data_url(outcome.frames[0])
    assert digit.probabilities is not None
    assert digit.probabilities[7] == digit.confidence
    assert sum(digit.probabilities) <= 1.00001


def test_an_empty_picture_has_no_frames(reader: Reader) -> None:
    outcome = run_task(
        reader, Picture("-", np.zeros((28, 28), np.uint8), ReadOptions(frames=True)), LIMIT
    )
    assert isinstance(outcome, ReadPicture)
    assert (outcome.results[0].status, outcome.frames.shape) == ("empty", (0, 28, 28))


def test_a_frame_gets_an_occlusion_map(reader: Reader, mnist: Dataset) -> None:
    outcome = run_task(reader, FrameToOcclude(mnist.test.images[0]), LIMIT)
    assert isinstance(outcome, Occlusion)
    assert (outcome.label, outcome.hidden.shape) == (7, (14, 14))


def test_a_format_that_pillow_passes_to_another_program_is_rejected(reader: Reader) -> None:
    file = io.BytesIO()
    Image.new("L", (9, 9)).save(file, "EPS")
    outcome = run_task(reader, Picture("-", file.getvalue()), LIMIT)
    assert isinstance(outcome, Rejected)
    assert outcome.status == 415


def test_pixels_are_counted_before_a_picture_is_decoded(reader: Reader) -> None:
    cut_off = png(np.zeros((1000, 1001), np.uint8))[:200]
    outcome = run_task(reader, Picture("-", cut_off), LIMIT)
    assert outcome == Rejected(413, "The picture has 1,001,000 pixels; send at most 1,000,000.")


def test_an_unexpected_error_is_an_outcome_with_a_traceback(
    reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(reader, "read_pages", fail)
    outcome = run_task(reader, Picture("-", np.zeros((28, 28), np.uint8)), LIMIT)
    assert isinstance(outcome, Rejected)
    assert outcome.status == 422
    assert "ZeroDivisionError" in outcome.traceback


def test_a_result_that_is_not_valid_json_is_an_outcome_and_not_an_exception(
    reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = Reading((), (Number("7", Box(0, 0, 9, 9), float("nan"), 0),))
    monkeypatch.setattr(reader, "read_pages", lambda *_: iter([broken]))
    outcome = run_task(reader, Picture("-", np.zeros((28, 28), np.uint8)), LIMIT)
    assert isinstance(outcome, Rejected)
    assert "ValidationError" in outcome.traceback


@pytest.mark.parametrize("form", ["PDF", "TIFF"])
def test_each_page_of_a_document_has_its_own_result(
    reader: Reader, page: NDArray[np.uint8], mnist: Dataset, form: str
) -> None:
    blank = np.full_like(page, 255)
    second = on_paper(row(mnist.test.images[1:5]))
    outcome = run_task(reader, Picture("a", file_of(form, page, blank, second)), LIMIT)
    assert isinstance(outcome, ReadPicture)
    assert [(each.page, each.text) for each in outcome.results] == [
        (1, "721"),
        (2, ""),
        (3, "2104"),
    ]
    assert {each.file for each in outcome.results} == {"a"}
    assert len(outcome.frames) == 7


def test_a_heic_picture_is_read(reader: Reader, page: NDArray[np.uint8]) -> None:
    outcome = run_task(reader, Picture("-", file_of("HEIC", page)), LIMIT)
    assert isinstance(outcome, ReadPicture)
    assert outcome.results[0].text == "721"


@pytest.mark.parametrize(
    ("form", "library", "what"),
    [("PDF", "pypdfium2", "a PDF"), ("HEIC", "pi_heif", "a HEIC picture")],
)
def test_a_file_whose_library_is_not_installed_is_an_unsupported_type(
    reader: Reader,
    page: NDArray[np.uint8],
    monkeypatch: pytest.MonkeyPatch,
    form: str,
    library: str,
    what: str,
) -> None:
    content = file_of(form, page)
    monkeypatch.setitem(sys.modules, library, None)
    outcome = run_task(reader, Picture("-", content), LIMIT)
    assert outcome == Rejected(
        415,
        f"The picture is {what}, which needs {library}; install it with: "
        "pip install 'tendigits[documents]'",
    )


@pytest.mark.parametrize("form", ["PDF", "TIFF"])
def test_a_document_with_too_many_pages_is_rejected(
    reader: Reader, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(task_runner, "MAX_PAGES", 4)
    blank = np.full((20, 20), 255, np.uint8)
    for pages, expected in ((4, ReadPicture), (5, Rejected)):
        outcome = run_task(reader, Picture("-", file_of(form, *[blank] * pages)), LIMIT)
        assert isinstance(outcome, expected)
    assert outcome == Rejected(413, "The document has more than 4 pages; split it.")


@pytest.mark.parametrize("form", ["TIFF", "HEIC"])
def test_pixels_are_counted_on_every_page_before_any_is_decoded(reader: Reader, form: str) -> None:
    small, large = np.zeros((9, 9), np.uint8), np.zeros((1000, 1002), np.uint8)
    pages = [large] if form == "HEIC" else [small, large]
    outcome = run_task(reader, Picture("-", file_of(form, *pages)), LIMIT)
    assert outcome == Rejected(413, "The picture has 1,002,000 pixels; send at most 1,000,000.")


def test_a_document_that_takes_too_long_is_rejected_after_a_page(
    reader: Reader, page: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(task_runner, "MAX_SECONDS", 0)
    assert isinstance(run_task(reader, Picture("-", file_of("TIFF", page)), LIMIT), ReadPicture)
    outcome = run_task(reader, Picture("-", file_of("TIFF", page, page)), LIMIT)
    assert outcome == Rejected(413, "Reading takes more than 0 seconds; send fewer pages at once.")


def test_a_damaged_page_is_the_last_result_of_its_document(
    reader: Reader, page: NDArray[np.uint8]
) -> None:
    file = io.BytesIO()
    image = Image.fromarray(page)
    image.save(file, "TIFF", save_all=True, append_images=[image] * 2, compression="tiff_deflate")
    with Image.open(file) as pages:
        assert isinstance(pages, TiffImageFile)
        pages.seek(1)
        start = pages.tag_v2[273][0]  # of the pixels
    damaged = bytearray(file.getvalue())
    damaged[start : start + 100] = bytes(100)
    outcome = run_task(reader, Picture("-", bytes(damaged)), LIMIT)
    assert isinstance(outcome, ReadPicture)
    assert [(each.page, each.status) for each in outcome.results] == [(1, "read"), (2, "error")]
    assert outcome.results[1].error == "Page 2 of the picture is damaged; save it again."


@pytest.mark.parametrize("content", [b"%PDF-1.7 cut off", pdf_files.without_pages()])
def test_a_damaged_pdf_is_rejected(reader: Reader, content: bytes) -> None:
    outcome = run_task(reader, Picture("-", content), LIMIT)
    assert outcome == Rejected(422, "The picture is damaged or has no pages; save it again.")


def test_the_number_that_fits_a_pattern_is_the_result(
    reader: Reader, page: NDArray[np.uint8]
) -> None:
    texts = []
    for length in ("3", "2-3", "7"):
        options = ReadOptions(pattern=wanted_pattern(length, None))
        outcome = run_task(reader, Picture("-", png(page), options), LIMIT)
        assert isinstance(outcome, ReadPicture)
        texts.append((outcome.results[0].status, outcome.results[0].text))
    assert texts == [("read", "721"), ("read", "721"), ("no fit", "")]
