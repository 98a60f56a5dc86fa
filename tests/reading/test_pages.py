import io
import json
from pathlib import Path

import pytest
from PIL import Image

from pdf_files import scanned
from tendigits import PatternError, Reading
from tendigits.data import Dataset
from tendigits.images import Box
from tendigits.reading.numbers import Number
from tendigits.reading.pages import PageReader, ReadSettings, as_text, file_stem

BOX = Box(1, 2, 30, 40)


@pytest.fixture(scope="module")
def digits(mnist: Dataset) -> list[Image.Image]:
    """A seven, a two and a one."""
    return [Image.fromarray(image) for image in mnist.test.images[:3]]


def tiff(pages: list[Image.Image]) -> bytes:
    file = io.BytesIO()
    first, *others = [page.copy() for page in pages]  # saving changes them
    first.save(file, "TIFF", save_all=True, append_images=others)
    return file.getvalue()


def test_each_page_of_a_document_is_read_under_its_number(digits: list[Image.Image]) -> None:
    reader = PageReader(ReadSettings("tiny", threshold=0))
    for document in (tiff(digits), scanned(*digits)):
        results = list(reader.read("scan", document))
        assert [each.number for each in results] == [1, 2, 3]
        assert [file_stem(each) for each in results] == [f"scan-page-{n}" for n in (1, 2, 3)]
        for result, digit in zip(results, "721", strict=True):
            assert result.output.split()[0] == digit
            assert result.output.endswith(f"  scan, page {result.number}")


def test_picture_with_a_single_page_keeps_its_name(digits: list[Image.Image]) -> None:
    (result,) = PageReader(ReadSettings("tiny")).read("-", tiff(digits[:1]))
    assert (result.number, file_stem(result)) == (None, "stdin")
    assert result.output.endswith("  -")


def test_json_has_the_name_of_the_file_and_the_number_of_the_page(
    digits: list[Image.Image],
) -> None:
    reader = PageReader(ReadSettings("tiny", json=True))
    pages = [json.loads(each.output) for each in reader.read("scan.tif", tiff(digits))]
    assert [(page["file"], page["page"]) for page in pages] == [("scan.tif", n) for n in (1, 2, 3)]


def test_pages_before_a_damaged_one_are_read(digits: list[Image.Image], tmp_path: Path) -> None:
    path = tmp_path / "scan.tif"
    path.write_bytes(tiff(digits)[:-600])  # the third page's pixels or directory are cut
    results = list(PageReader(ReadSettings("tiny", json=True)).read(str(path), path))
    assert [each.status for each in results[:-1]] == ["read"] * (len(results) - 1)
    assert len(results) > 1
    last = json.loads(results[-1].output)
    assert (last["status"], last["page"]) == ("error", len(results))
    assert f"page {len(results)} of {path} is damaged" in last["error"]


@pytest.mark.parametrize(("keep", "draw"), [(True, False), (False, True)])
def test_readings_and_drawings_are_kept_where_they_are_needed(
    digits: list[Image.Image], *, keep: bool, draw: bool
) -> None:
    settings = ReadSettings("tiny", keep=keep, draw=draw)
    results = list(PageReader(settings).read("-", tiff(digits)))
    assert [each.reading is not None for each in results] == [keep] * 3
    assert [each.drawing is not None for each in results] == [draw] * 3


def test_length_and_pattern_exclude_each_other() -> None:
    with pytest.raises(PatternError, match="give one of them"):
        PageReader(ReadSettings("tiny", length="3", pattern="[0-9]"))


def test_one_line_of_text_is_printed_with_its_confidence_and_name() -> None:
    reading = Reading((), (Number("77", BOX, 0.5, 0), Number("-3.5", BOX, 0.5, 0)))
    assert as_text("a.png", reading) == "77 -3.5    0.250  a.png"


def test_several_lines_of_text_are_indented_below_the_name() -> None:
    numbers = (Number("77", BOX, 0.9, 0), Number("8", BOX, 1, 0), Number("12:30", BOX, 1, 1))
    assert as_text("a.png", Reading((), numbers)).splitlines() == [
        "(2 lines)  0.900  a.png",
        "  77 8",
        "  12:30",
    ]


def test_pictures_without_a_text_have_the_status_in_its_place() -> None:
    assert as_text("a.png", Reading(())).split() == ["(empty)", "a.png"]
    assert as_text("a.png", Reading((), has_pattern=True)).split() == ["(no", "fit)", "a.png"]
