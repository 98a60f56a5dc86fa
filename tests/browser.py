"""A real Chromium, and functions that draw in it by mouse and by touch."""

import math
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from conftest import missing

Point = tuple[float, float]  # as fractions of the drawing area, from its upper left corner
Stroke = Sequence[Point]

PHONE, DESK = (360, 740), (1440, 900)
SIZES = pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run a Chromium until the block ends; without one, skip the test, or fail it in CI."""
    program = shutil.which("chromium")
    if program is None:
        missing("Chromium", "chromium")
    with sync_playwright() as playwright:
        # Chromium's own sandbox does not start for root, the user of CI.
        browser = playwright.chromium.launch(executable_path=program, chromium_sandbox=False)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def page_of(
    browser: Browser, url: str, size: tuple[int, int] = DESK, *, dark: bool = False
) -> Iterator[Page]:
    """Open a page in a new profile; at PHONE size it is a mobile one with touch."""
    is_phone = size == PHONE
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        device_scale_factor=2 if is_phone else 1,
        has_touch=is_phone,
        is_mobile=is_phone,
        color_scheme="dark" if dark else "light",
        locale="en-GB",
    )
    try:
        page = context.new_page()
        page.goto(url)
        yield page
    finally:
        context.close()


def seven() -> list[Stroke]:
    return [[(0.32, 0.26), (0.64, 0.26), (0.44, 0.76)]]


def row() -> list[Stroke]:
    """Return the strokes of 2104."""
    two = [(0.08, 0.42), *arc(0.14, 0.42, 0.06, 0.1, -90, 110), (0.08, 0.68), (0.22, 0.68)]
    one = [(0.33, 0.33), (0.33, 0.68)]
    zero = arc(0.52, 0.5, 0.07, 0.17, 10, 400)
    four = [[(0.7, 0.33), (0.67, 0.54), (0.82, 0.54)], [(0.79, 0.34), (0.78, 0.69)]]
    return [two, one, zero, *four]


def doodle() -> list[Stroke]:
    """Return the strokes of a non-digit: an umbrella in the rain."""
    roof = [*arc(0.5, 0.5, 0.26, 0.26, -90, 90), *_waves(0.76, 0.24, 0.5)]
    stick = [(0.5, 0.24), (0.5, 0.78), *arc(0.45, 0.78, 0.05, 0.06, 90, 270)]
    return [roof, stick, *([(x, 0.1), (x - 0.03, 0.17)] for x in (0.25, 0.42, 0.6, 0.77))]


def arc(
    x: float, y: float, across: float, down: float, first: float, last: float, steps: int = 16
) -> list[Point]:
    """Return points of an ellipse, between two angles in degrees clockwise from the top."""
    angles = [math.radians(first + (last - first) * step / steps) for step in range(steps + 1)]
    return [(x + across * math.sin(angle), y - down * math.cos(angle)) for angle in angles]


def draw_by_mouse(page: Page, strokes: Sequence[Stroke]) -> None:
    for stroke in strokes:
        first, *others = _on_page(page, stroke)
        page.mouse.move(*first)
        page.mouse.down()
        for point in others:
            page.mouse.move(*point, steps=2)
        page.mouse.up()


def draw_by_touch(page: Page, strokes: Sequence[Stroke]) -> None:
    finger = page.context.new_cdp_session(page)
    for stroke in strokes:
        first, *others = _on_page(page, stroke)
        _touch(finger, "touchStart", first)
        for point in others:
            _touch(finger, "touchMove", point)
        _touch(finger, "touchEnd")


def press_until_focused(page: Page, wanted: str) -> None:
    """Press Tab until the element with the selector `wanted` is focused."""
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.locator(wanted).evaluate("element => element === document.activeElement"):
            return
    pytest.fail(f"Tab does not lead to {wanted}")


def check_with_axe(page: Page) -> None:
    """Check that axe finds no violations of accessibility."""
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()


def _touch(finger: CDPSession, kind: str, *points: Point) -> None:
    touches = [{"x": x, "y": y} for x, y in points]
    finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})


def _on_page(page: Page, stroke: Stroke) -> list[Point]:
    box = page.locator("#drawing").bounding_box()
    assert box is not None
    return [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in stroke]


def _waves(right: float, left: float, y: float) -> list[Point]:
    width = (right - left) / 4
    middles = [right - width * (number + 0.5) for number in range(4)]
    return [point for x in middles for point in arc(x, y, width / 2, 0.06, 90, -90, steps=8)]
