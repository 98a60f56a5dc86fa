from collections.abc import Sequence

import numpy as np
import pytest

from tendigits.data.pages import Page
from tendigits.evaluation.finder_plots import plot_found
from tendigits.evaluation.finder_report import find_on, measure_finder
from tendigits.images.finder import CHARACTERS, Finder, Found

BOXES = ((10.0, 20.0, 30.0, 50.0), (50.0, 10.0, 70.0, 40.0), (80.0, 36.0, 83.0, 39.0))


class FindsAlways(Finder):
    """A finder that finds the same on every page."""

    def __init__(self, found: Sequence[Found]) -> None:
        self._found = list(found)

    def find(self, grey: object) -> list[Found]:  # noqa: ARG002
        return self._found


@pytest.fixture
def page() -> Page:
    """A page with 3, 5 and a dot."""
    return Page(
        picture=np.zeros((64, 96), np.uint8),
        boxes=np.array(BOXES, np.float32),
        classes=np.array([3, 5, CHARACTERS.index(".")]),
        text_lines=np.array([0, 0, 0]),
        ignored=np.array([[0, 0, 9, 9]], np.float32),
        kind="row",
        contrast=0.5,
    )


def found(character: str, box: tuple[float, ...], score: float = 0.9) -> Found:
    classes = np.zeros(len(CHARACTERS), np.float32)
    classes[CHARACTERS.index(character)] = 1
    left, top, right, bottom = box
    return Found((left, top, right, bottom), score, classes)


def figures(page: Page, *candidates: Found) -> tuple[int, int, int, int | None, int | None]:
    counts = measure_finder(find_on([page], FindsAlways(candidates))).all
    return counts.found, counts.misread, counts.missed, counts.false_alarms, counts.exact


def test_everything_found_is_an_exact_page(page: Page) -> None:
    candidates = [found(each, box) for each, box in zip("35.", BOXES, strict=True)]
    assert figures(page, *candidates) == (3, 0, 0, 0, 1)


def test_nothing_found_is_missed(page: Page) -> None:
    assert figures(page) == (0, 0, 3, 0, 0)
    assert figures(page, found("3", BOXES[0], score=0.3)) == (0, 0, 3, 0, 0)


def test_wrong_class_is_misread_and_a_second_box_a_false_alarm(page: Page) -> None:
    candidates = found("3", BOXES[0]), found("8", BOXES[0], 0.8), found("6", BOXES[1])
    assert figures(page, *candidates) == (1, 1, 1, 1, 0)


def test_missing_marks_leave_a_page_exact(page: Page) -> None:
    assert figures(page, found("3", BOXES[0]), found("5", BOXES[1])) == (2, 0, 1, 0, 1)


def test_dot_may_be_a_pixel_off_and_a_digit_not_by_half(page: Page) -> None:
    assert figures(page, found(".", (81, 37, 84, 40)))[0] == 1
    assert figures(page, found("3", (25, 20, 45, 50)))[0] == 0


def test_what_is_found_in_ignored_boxes_is_no_false_alarm(page: Page) -> None:
    assert figures(page, found("7", (1, 1, 8, 8)))[3] == 0
    assert figures(page, found("7", (1, 50, 8, 60)))[3] == 1


def test_figures_are_grouped_by_height_contrast_kind_and_lines(page: Page) -> None:
    metrics = measure_finder(find_on([page], FindsAlways([found("3", BOXES[0])])))
    assert (metrics.heights["30 to 60"].found, metrics.heights["30 to 60"].missed) == (1, 1)
    assert metrics.heights["below 12"].missed == 0
    assert metrics.contrasts["0.4 to 0.7"].pages == 1
    assert (metrics.kinds["row"].pages, metrics.kinds["lone"].pages) == (1, 0)
    assert metrics.lines["1"].pages == 1
    assert (metrics.characters["digits"].missed, metrics.characters["marks"].missed) == (1, 1)
    assert metrics.summary().startswith("On 1 validation pages: 0.0 % exact; of the characters 33")


def test_plot_shows_a_box_around_each_character_and_false_alarm(page: Page) -> None:
    candidates = found("3", BOXES[0]), found("9", (1, 50, 8, 60))
    figure = plot_found(find_on([page], FindsAlways(candidates)))
    axes = figure.axes[0]
    assert len(axes.patches) == 4
    assert [text.get_text() for text in axes.texts] == ["9"]
