import numpy as np
import pytest

from tendigits.data import Dataset
from tendigits.data.dataset import split_last
from tendigits.data.pages import SHAPES, GlyphSet, Page, draw_page, draw_pages, synthetic_pages
from tendigits.data.pages.page import HELD_OUT
from tendigits.images.finder import CHARACTERS

KINDS = {"lone", "row", "lines", "table", "none"}


@pytest.fixture(scope="module")
def pages(glyphs: GlyphSet) -> list[Page]:
    return [draw_pages(glyphs, 1, np.random.default_rng([7, each]))[0] for each in range(120)]


def test_same_random_numbers_draw_the_same_pages(glyphs: GlyphSet, pages: list[Page]) -> None:
    (again,) = draw_pages(glyphs, 1, np.random.default_rng([7, 3]))
    np.testing.assert_array_equal(again.picture, pages[3].picture)
    np.testing.assert_array_equal(again.boxes, pages[3].boxes)
    assert again.text == pages[3].text


def test_pages_are_of_all_kinds_and_of_shapes_that_the_network_takes(pages: list[Page]) -> None:
    assert {page.kind for page in pages} == KINDS
    for page in pages:
        assert page.picture.shape in SHAPES
        assert page.picture.dtype == np.uint8
        assert not {side % 32 for side in page.picture.shape} - {0}


def test_boxes_are_on_the_page_and_pages_without_digits_have_none(pages: list[Page]) -> None:
    for page in pages:
        height, width = page.picture.shape
        assert (page.boxes[:, :2] < page.boxes[:, 2:]).all()
        assert (page.boxes >= 0).all()
        assert (page.boxes <= [width, height, width, height]).all()
        assert len(page.boxes) == len(page.classes) == len(page.text_lines)
        assert (page.kind == "none") <= (len(page.boxes) == 0)


def test_there_is_ink_in_the_boxes_of_digits(pages: list[Page]) -> None:
    # A hair's breadth of ink may be blurred away, so a few pages may show hardly any.
    differences = [
        np.ptp(page.picture[top:bottom, left:right])
        for page in pages
        for left, top, right, bottom in page.boxes[page.classes < 10].astype(int)
        if page.contrast > 0.5
    ]
    assert len(differences) > 100
    assert np.mean(np.array(differences) > 30) > 0.95


def test_text_is_read_line_by_line_from_left_to_right() -> None:
    page = Page(
        picture=np.zeros((64, 64), np.uint8),
        boxes=np.array([[30, 30, 40, 50], [5, 32, 15, 50], [9, 1, 15, 20]], np.float32),
        classes=np.array([1, 2, CHARACTERS.index("-")]),
        text_lines=np.array([1, 1, 0]),
        ignored=np.zeros((0, 4), np.float32),
        kind="lines",
        contrast=1.0,
    )
    assert page.text == "-\n21"
    assert page.count_lines == 2


def test_lone_pages_have_one_character_and_rows_one_line(pages: list[Page]) -> None:
    assert {len(page.text) for page in pages if page.kind == "lone"} <= {0, 1}
    assert {page.count_lines for page in pages if page.kind == "row"} <= {0, 1}
    assert max(page.count_lines for page in pages if page.kind == "lines") > 1


def test_any_shape_can_be_drawn(glyphs: GlyphSet) -> None:
    page = draw_page(glyphs, (48, 200), np.random.default_rng(1))
    assert page.picture.shape == (48, 200)


def test_synthetic_pages_are_those_of_a_seed_by_writers_that_are_not_trained_on(
    mnist: Dataset,
) -> None:
    pages = synthetic_pages(6, seed=1)
    for (picture, text, kind), (again, *labels) in zip(
        pages, synthetic_pages(6, seed=1), strict=True
    ):
        np.testing.assert_array_equal(picture, again)
        assert labels == [text, kind]
        assert kind in KINDS
        assert set(text) <= set(CHARACTERS + "\n")
    split = split_last(len(mnist.train), 0.08333)
    assert len(split.validation) == HELD_OUT
    assert split.validation[0] == split.train[-1] + 1 == 55_000
