import numpy as np
import pytest

from tendigits.reading.view import View, find_view

HEIGHT = 40


def page(lines: int, characters: int) -> tuple[np.ndarray, np.ndarray]:
    """Return where the characters of a page are, and the line of each."""
    line, place = np.divmod(np.arange(lines * characters), characters)
    return place * 35.0, line


def view_of(along: np.ndarray, across: np.ndarray, expected: float = 0.0) -> View:
    edges = np.array([across, across + HEIGHT])
    return find_view(along, edges, HEIGHT, expected)


@pytest.mark.parametrize("slope", [-0.26, -0.1, 0.0, 0.03, 0.26])
@pytest.mark.parametrize(("lines", "characters"), [(1, 5), (1, 20), (8, 12)])
def test_slope_of_leaning_lines_is_found(slope: float, lines: int, characters: int) -> None:
    along, line = page(lines, characters)
    uneven = np.random.default_rng(0).normal(0, 3, len(along))
    across = 60.0 * line + slope * along + uneven
    view = view_of(along, across)
    assert view.slope == pytest.approx(slope, abs=0.06)
    levels = view.level(along, across)
    for number in range(lines):
        assert np.ptp(levels[line == number]) < 0.6 * HEIGHT


@pytest.mark.parametrize("change", [-0.15, 0.1])
def test_lines_that_run_together_are_level_in_the_view(change: float) -> None:
    along, line = page(lines=9, characters=12)
    right = (along - along.mean()) / (np.ptp(along) / 2)
    across = 60.0 * (line - 4) * (1 + change * right) + 0.1 * along
    view = view_of(along, across)
    assert view.change == pytest.approx(change, abs=0.04)
    levels = view.level(along, across)
    for number in range(9):
        assert np.ptp(levels[line == number]) < 0.5 * HEIGHT


def test_two_characters_are_no_evidence_of_a_steep_line() -> None:
    assert view_of(np.array([0.0, 200]), np.array([0.0, 55])).slope == pytest.approx(0)


def test_expected_slope_is_taken_where_there_is_no_evidence() -> None:
    assert view_of(np.array([100.0]), np.array([50.0]), expected=0.1).slope == 0.1
    apart = view_of(np.array([0.0, 40]), np.array([0.0, 300]), expected=0.1)
    assert apart.slope == pytest.approx(0.1, abs=0.01)


def test_level_is_measured_from_the_middle_of_the_page() -> None:
    view = View(along=100, across=50, reach=100, slope=0.1, change=0.2)
    assert view.level(100.0, 50.0) == 0
    assert view.level(200.0, 60.0) == pytest.approx(0)
    assert view.level(200.0, 72.0) == pytest.approx(10)
