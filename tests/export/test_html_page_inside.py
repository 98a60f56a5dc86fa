"""Exported pages in a real Chromium: what they show of the layers, and the tour."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from browser import draw_by_mouse, page_of, press_until_focused, seven
from html_pages import write_pages
from server_process import png
from tendigits.data import Dataset


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_pages(tmp_path_factory.mktemp("pages"), ["reader"])["reader"]


@pytest.fixture
def page(browser: Browser, path: Path) -> Iterator[Page]:
    with page_of(browser, path.as_uri()) as opened:
        yield opened


@pytest.fixture
def seven_file(mnist: Dataset, tmp_path: Path) -> Path:
    path = tmp_path / "seven.png"
    path.write_bytes(png(255 - mnist.test.images[0]))
    return path


def test_each_layer_and_unit_can_be_looked_into(page: Page) -> None:
    draw_by_mouse(page, seven())
    expect(page.locator("#number")).to_have_text("7")
    page.click("nav >> text=Look inside")
    expect(page.locator(".layer")).to_have_count(8)  # the frame, six convolutions, the output
    expect(page.locator("#outputs .is-label b")).to_have_text("7")
    page.locator("#maps-1").click(position={"x": 10, "y": 10})
    expect(page.locator("#unit h4")).to_have_text("Layer 2, channel 1 of 32")
    expect(page.locator("#unit-value")).to_contain_text("Strongest activation:")
    examples = page.locator(".examples button")
    expect(examples.first).to_be_visible()
    label = examples.first.text_content()
    page.get_by_role("button", name="Next unit").click()
    expect(page.locator("#unit h4")).to_have_text("Layer 2, channel 2 of 32")
    page.get_by_role("button", name="Previous unit").click()
    examples.first.click()
    expect(page.locator("#outputs .is-label b")).to_have_text(str(label))


def test_a_unit_shows_its_activation_for_the_digit_that_is_shown_now(
    page: Page, seven_file: Path
) -> None:
    page.click("nav >> text=Look inside")
    page.locator("#maps-1").click(position={"x": 10, "y": 10})
    value = page.locator("#unit-value")
    expect(value).to_have_text("Draw a digit to see its activation.")
    page.set_input_files("#chosen", seven_file)
    expect(value).to_contain_text("Strongest activation:")
    shown = value.text_content()
    page.get_by_role("button", name="Next unit").click()
    page.get_by_role("button", name="Previous unit").click()
    expect(page.locator("#unit h4")).to_have_text("Layer 2, channel 1 of 32")
    expect(value).to_have_text(str(shown))


def test_units_can_be_chosen_by_keyboard(page: Page) -> None:
    page.click("nav >> text=Look inside")
    first = page.get_by_role("button", name="Show channel 1 of layer 2")
    first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#unit h4")).to_have_text("Layer 2, channel 1 of 32")
    press_until_focused(page, "[aria-label='Next unit']")
    for number in (2, 3):
        page.keyboard.press("Enter")
        expect(page.locator("#unit h4")).to_have_text(f"Layer 2, channel {number} of 32")
    press_until_focused(page, "[aria-label='Close']")
    page.keyboard.press("Enter")
    expect(page.locator("#unit")).to_be_hidden()
    expect(first).to_be_focused()


def test_a_picture_that_was_read_can_be_looked_into(page: Page, seven_file: Path) -> None:
    page.set_input_files("#chosen", seven_file)
    expect(page.locator("#number")).to_have_text("7")
    page.click("nav >> text=Look inside")
    expect(page.locator("#outputs .is-label b")).to_have_text("7")


def test_the_tour_draws_a_five_and_ends_after_five_steps(page: Page) -> None:
    page.locator("[data-tour]").first.click()
    expect(page.locator("#number")).to_have_text("5")
    steps = [(1, "Next"), (2, "Next"), (3, "Next"), (4, "Next"), (5, "Back"), (4, "Next")]
    for step, button in [*steps, (5, "Done")]:
        expect(page.locator(".tour-count")).to_have_text(f"Step {step} of 5")
        expect(page.locator(".tour-target")).to_have_count(1)
        if step == 4:
            expect(page.locator("#unit-value")).to_contain_text("Strongest activation:")
        page.locator("#tour").get_by_role("button", name=button).click()
    expect(page.locator("#tour")).to_be_hidden()
