"""What a finder finds on labelled pages: characters found, misread and missed, false alarms."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from tendigits.data.pages import Page
from tendigits.images.finder import DIGIT_CLASSES, Finder, Found

ACCEPTED = 0.4  # the least score of what counts as found
_SAME = 0.5  # intersection over union of two boxes of one character
_SMALLEST = 8.0  # pixels; smaller boxes, such as those of dots, are compared as if they had these
_HEIGHTS = (12, 18, 30, 60)  # pixels between the groups by height
_CONTRASTS = (0.2, 0.4, 0.7)


@dataclass(frozen=True)
class Counts:
    """What a finder found of a group of pages, or of a group of characters.

    Attributes:
        found: characters whose place and class are right.
        misread: characters whose place is right.
        missed: characters that were not found.
        pages: the number of pages; None for a group of characters, as for the others below.
        exact: the pages of which every digit was found and no other.
        false_alarms: characters that were found where there is none.
    """

    found: int
    misread: int
    missed: int
    pages: int | None = None
    exact: int | None = None
    false_alarms: int | None = None


@dataclass(frozen=True)
class FinderMetrics:
    """The figures of a finder on labelled pages.

    Attributes:
        accepted: the least score of what counted as found.
        all: of all pages.
        kinds: by the kind of page.
        contrasts: by the contrast of the page.
        lines: by the number of lines of text.
        characters: of digits, and of marks.
        heights: of digits by their height in pixels.
    """

    accepted: float
    all: Counts
    kinds: dict[str, Counts]
    contrasts: dict[str, Counts]
    lines: dict[str, Counts]
    characters: dict[str, Counts]
    heights: dict[str, Counts]

    def summary(self) -> str:
        """Return the most important figures in one line."""
        counts = self.all
        assert counts.pages is not None
        assert counts.exact is not None
        assert counts.false_alarms is not None
        characters = max(counts.found + counts.misread + counts.missed, 1)
        return (
            f"On {counts.pages:,} validation pages: {100 * counts.exact / counts.pages:.1f} % "
            f"exact; of the characters {100 * counts.found / characters:.1f} % found, "
            f"{100 * counts.misread / characters:.1f} % misread, "
            f"{100 * counts.missed / characters:.1f} % missed; "
            f"{counts.false_alarms / counts.pages:.2f} false alarms per page"
        )


@dataclass(frozen=True, eq=False)
class Outcome:
    """What a finder found on a page.

    Attributes:
        page: the page.
        found: (n,) bool, whether the place of each character was found.
        correct: (n,) bool, whether its class was, too.
        false_alarms: what was found where there is no character.
    """

    page: Page
    found: NDArray[np.bool_]
    correct: NDArray[np.bool_]
    false_alarms: tuple[Found, ...]

    @property
    def is_exact(self) -> bool:
        """Whether every digit was found and no other; marks do not count."""
        digits = self.page.classes < DIGIT_CLASSES
        return bool(self.correct[digits].all()) and not any(
            each.is_digit for each in self.false_alarms
        )

    def counts(self, chosen: NDArray[np.bool_]) -> Counts:
        """Return the figures of the chosen characters (n,) of the page."""
        return Counts(
            found=int((self.correct & chosen).sum()),
            misread=int((self.found & ~self.correct & chosen).sum()),
            missed=int((~self.found & chosen).sum()),
        )


def find_on(pages: Iterable[Page], finder: Finder) -> list[Outcome]:
    """Return what a finder finds on pages, compared with what is on them."""
    return [_compared(page, finder.find(page.picture)) for page in pages]


def measure_finder(outcomes: Sequence[Outcome]) -> FinderMetrics:
    """Return the figures of a finder on pages."""
    return FinderMetrics(
        accepted=ACCEPTED,
        all=_of_pages(outcomes),
        kinds=_grouped(outcomes, ("lone", "row", "lines", "table", "none"), _kind),
        contrasts=_grouped(
            [each for each in outcomes if len(each.page.boxes)], _ranges(_CONTRASTS), _contrast
        ),
        lines=_grouped(outcomes, ("0", "1", "2", "3", "4 or more"), _lines),
        characters={
            "digits": _of_characters(outcomes, lambda page: page.classes < DIGIT_CLASSES),
            "marks": _of_characters(outcomes, lambda page: page.classes >= DIGIT_CLASSES),
        },
        heights={
            name: _of_characters(outcomes, partial(_digits_of, number=number))
            for number, name in enumerate(_ranges(_HEIGHTS))
        },
    )


def _compared(page: Page, found: Sequence[Found]) -> Outcome:
    """Match what was found with the characters of a page, the surest first."""
    accepted = [each for each in found if each.score >= ACCEPTED]
    matched = np.zeros(len(page.boxes), bool)
    correct = np.zeros(len(page.boxes), bool)
    false_alarms = []
    for each in sorted(accepted, key=lambda one: -one.score):
        overlaps = overlaps_of(np.array(each.box), page.boxes) * ~matched
        if len(overlaps) and overlaps.max() >= _SAME:
            match = int(overlaps.argmax())
            matched[match] = True
            correct[match] = int(each.classes.argmax()) == page.classes[match]
        elif not _is_ignored(each, page.ignored):
            false_alarms.append(each)
    return Outcome(page, matched, correct, tuple(false_alarms))


def overlaps_of(box: NDArray[np.floating], others: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return the intersection over union of a box and (n, 4) others."""
    box, others = _enlarged(box[None]), _enlarged(others)
    common = _common(box, others)
    unions = _areas(box) + _areas(others) - common
    overlaps: NDArray[np.floating] = common / unions
    return overlaps


def _enlarged(boxes: NDArray[np.floating]) -> NDArray[np.floating]:
    margin = np.clip(_SMALLEST - (boxes[:, 2:] - boxes[:, :2]), 0, None) / 2
    return np.concatenate([boxes[:, :2] - margin, boxes[:, 2:] + margin], axis=1)


def _is_ignored(found: Found, ignored: NDArray[np.float32]) -> bool:
    """Return whether half of what was found is in a box in which anything may be found."""
    box = np.array(found.box)[None]
    return bool((_common(box, ignored) >= 0.5 * _areas(box)).any())


def _common(boxes: NDArray[np.floating], others: NDArray[np.floating]) -> NDArray[np.floating]:
    low = np.maximum(boxes[:, :2], others[:, :2])
    high = np.minimum(boxes[:, 2:], others[:, 2:])
    area: NDArray[np.floating] = np.clip(high - low, 0, None).prod(axis=1)
    return area


def _areas(boxes: NDArray[np.floating]) -> NDArray[np.floating]:
    areas: NDArray[np.floating] = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    return areas


def _grouped(
    outcomes: Sequence[Outcome], names: Sequence[str], group: Callable[[Page], str]
) -> dict[str, Counts]:
    return {
        name: _of_pages([each for each in outcomes if group(each.page) == name]) for name in names
    }


def _of_pages(outcomes: Sequence[Outcome]) -> Counts:
    characters = _of_characters(outcomes, lambda page: np.ones(len(page.boxes), bool))
    return Counts(
        found=characters.found,
        misread=characters.misread,
        missed=characters.missed,
        pages=len(outcomes),
        exact=sum(each.is_exact for each in outcomes),
        false_alarms=sum(len(each.false_alarms) for each in outcomes),
    )


def _of_characters(
    outcomes: Sequence[Outcome], chosen: Callable[[Page], NDArray[np.bool_]]
) -> Counts:
    counts = [each.counts(chosen(each.page)) for each in outcomes]
    return Counts(
        found=sum(each.found for each in counts),
        misread=sum(each.misread for each in counts),
        missed=sum(each.missed for each in counts),
    )


def _digits_of(page: Page, number: int) -> NDArray[np.bool_]:
    """Return which characters are digits of the group by height with a number."""
    heights = page.boxes[:, 3] - page.boxes[:, 1]
    is_digit = page.classes < DIGIT_CLASSES
    mask: NDArray[np.bool_] = is_digit & (np.digitize(heights, _HEIGHTS) == number)
    return mask


def _kind(page: Page) -> str:
    return page.kind


def _contrast(page: Page) -> str:
    return _ranges(_CONTRASTS)[int(np.digitize(page.contrast, _CONTRASTS))]


def _lines(page: Page) -> str:
    return str(page.count_lines) if page.count_lines < 4 else "4 or more"


def _ranges(limits: Sequence[float]) -> list[str]:
    """Return the names of the groups that limits separate."""
    between = [f"{low:g} to {high:g}" for low, high in pairwise(limits)]
    return [f"below {limits[0]:g}", *between, f"{limits[-1]:g} and more"]
