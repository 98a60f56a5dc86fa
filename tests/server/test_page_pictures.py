"""The page with pictures and documents, instead of drawings."""

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, FilePayload, Page, expect

import pdf_files
from browser import (
    SIZES,
    check_with_axe,
    draw_by_mouse,
    page_of,
    press_until_focused,
    seven,
)
from paper import on_paper
from paper import row as row_of
from server_process import Server, png, serving
from tendigits.data import Dataset


@pytest.fixture
def page(browser: Browser, server: Server) -> Iterator[Page]:
    with page_of(browser, server.url) as opened:
        yield opened


@pytest.fixture(scope="module")
def photo(mnist: Dataset) -> FilePayload:
    """A photo of 2104, stored rotated, with the rotation in its EXIF data as phones do."""
    picture = Image.fromarray(on_paper(row_of(mnist.test.images[1:5]), shadow=0.3, noise=0.02))
    exif = Image.Exif()
    exif[0x0112] = 6  # to be rotated by 90 degrees clockwise
    file = io.BytesIO()
    picture.rotate(90, expand=True).save(file, "JPEG", exif=exif, quality=92)
    return {"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": file.getvalue()}


@SIZES
def test_a_photo_is_shown_upright_with_a_box_around_each_digit(
    browser: Browser, server: Server, size: tuple[int, int], photo: FilePayload
) -> None:
    with page_of(browser, server.url, size) as page:
        page.set_input_files("#chosen", photo)
        expect(page.locator("#number")).to_have_text("2104")
        upright = Image.open(io.BytesIO(photo["buffer"])).size[::-1]
        shown = page.evaluate("[picture.naturalWidth, picture.naturalHeight]")
        assert tuple(shown) == upright
        assert page.locator("#boxes").get_attribute("viewBox") == f"0 0 {upright[0]} {upright[1]}"
        boxes = [each.bounding_box() for each in page.locator("#boxes rect").all()]
        lefts = [each["x"] for each in boxes if each]
        assert lefts == sorted(lefts)
        stage = page.locator("#stage").bounding_box()
        assert stage
        assert all(stage["x"] <= left <= stage["x"] + stage["width"] for left in lefts)
        page.click("#clear")
        expect(page.locator("#drawing")).to_be_visible()


@pytest.fixture(scope="module")
def form(mnist: Dataset) -> FilePayload:
    """A photo of a form with three rows of two numbers of two digits, larger than any screen."""
    page = np.zeros((3 * 250, 2 * 400), np.float32)
    for number in range(6):
        ink = row_of(mnist.test.images[48 + 2 * number : 50 + 2 * number])
        top, left = 250 * (number // 2) + 50, 400 * (number % 2) + 30
        page[top : top + ink.shape[0], left : left + ink.shape[1]] = ink
    photo = Image.fromarray(on_paper(page, shadow=0.3)).resize((2400, 2250))
    file = io.BytesIO()
    photo.save(file, "JPEG", quality=90)
    return {"name": "form.jpg", "mimeType": "image/jpeg", "buffer": file.getvalue()}


@SIZES
def test_the_numbers_of_a_form_are_shown_line_by_line_with_a_box_around_each(
    browser: Browser, server: Server, size: tuple[int, int], form: FilePayload
) -> None:
    with page_of(browser, server.url, size) as page:
        page.set_input_files("#chosen", form)
        expect(page.locator("#sentence")).to_contain_text("Read 6 numbers in 3 lines.")
        expect(page.locator("#lines li")).to_have_count(3)
        numbers = page.locator("#lines b")
        expect(numbers).to_have_text(["44", "63", "55", "60", "41", "95"])
        expect(page.locator("#lines small").first).to_contain_text("%")
        picture = shown_picture(page)
        boxes = [each.bounding_box() for each in page.locator(".number-box").all()]
        for at, box in enumerate(boxes):
            assert box
            x, y = (box["x"] - picture[0]) / picture[2], (box["y"] - picture[1]) / picture[3]
            assert (x // 0.5, y // (1 / 3)) == (at % 2, at // 2)
            assert box["height"] < picture[3] / 3
        assert page.evaluate("document.documentElement.scrollWidth") == size[0]
        check_with_axe(page)


def test_a_number_is_chosen_in_the_list_by_keyboard_or_in_the_picture(
    page: Page, form: FilePayload
) -> None:
    page.set_input_files("#chosen", form)
    press_until_focused(page, "#lines button >> nth=3")
    page.keyboard.press("Enter")
    expect(page.locator("#lines button").nth(3)).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".number-box").nth(3)).to_have_class("number-box chosen")
    expect(page.locator("#shapes b")).to_have_text(["6", "0"])
    expect(page.locator("#digit-boxes rect")).to_have_count(2)
    page.locator(".number-box").nth(5).click()
    expect(page.locator("#lines button").nth(5)).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#shapes b")).to_have_text(["9", "5"])


def test_each_page_of_a_pdf_can_be_chosen(page: Page, mnist: Dataset) -> None:
    pages = [Image.fromarray(on_paper(row_of(mnist.test.images[at : at + 4]))) for at in (1, 48)]
    content = pdf_files.scanned(*pages)
    payload: FilePayload = {"name": "a.pdf", "mimeType": "application/pdf", "buffer": content}
    page.set_input_files("#chosen", payload)
    expect(page.locator("#number")).to_have_text("2104")
    expect(page.locator("#unseen")).to_be_visible()
    page.get_by_role("button", name="Page 2").click()
    expect(page.locator("#number")).to_have_text("4463")
    check_with_axe(page)
    page.click("#clear")
    expect(page.locator("#pages")).to_be_hidden()
    expect(page.locator("#unseen")).to_be_hidden()


@pytest.mark.parametrize(
    ("event", "carrier"), [("drop", "dataTransfer"), ("paste", "clipboardData")]
)
def test_a_picture_is_dropped_or_pasted(
    page: Page, mnist: Dataset, event: str, carrier: str
) -> None:
    page.evaluate(
        """([event, carrier, bytes]) => {
            const data = new DataTransfer();
            data.items.add(new File([new Uint8Array(bytes)], 'seven.png', { type: 'image/png' }));
            const kind = event === 'drop' ? DragEvent : ClipboardEvent;
            document.dispatchEvent(new kind(event, { [carrier]: data, cancelable: true }));
        }""",
        [event, carrier, list(png(mnist.test.images[0]))],
    )
    expect(page.locator("#number")).to_have_text("7")
    expect(page.locator("#picture")).to_be_visible()


def test_an_invalid_picture_is_reported(page: Page) -> None:
    page.set_input_files("#chosen", {"name": "a.png", "mimeType": "image/png", "buffer": b"text"})
    expect(page.locator("#notice")).to_contain_text("Unknown image format")
    draw_by_mouse_after_clearing(page)


def test_a_file_that_is_too_large_is_sent_as_a_smaller_jpeg(
    browser: Browser, tmp_path: Path, mnist: Dataset
) -> None:
    noisy = on_paper(row_of(mnist.test.images[1:5]), noise=0.05)
    with serving(tmp_path, "--body-limit", "60000") as server, page_of(browser, server.url) as page:
        content = png(np.ascontiguousarray(noisy))
        assert len(content) > 60_000
        page.set_input_files(
            "#chosen", {"name": "a.png", "mimeType": "image/png", "buffer": content}
        )
        expect(page.locator("#number")).to_have_text("2104")


@pytest.mark.parametrize("ink", [0, 255], ids=["dark ink", "light ink"])
def test_a_transparent_picture_is_converted_to_a_jpeg_on_paper(
    page: Page, mnist: Dataset, ink: int
) -> None:
    alpha = (255 * row_of(mnist.test.images[1:5])).astype(np.uint8)
    content = png(np.dstack([np.full_like(alpha, ink)] * 3 + [alpha]))
    page.route("**/v1/read*", lambda route: route.fulfill(status=413, json={}), times=1)
    page.set_input_files("#chosen", {"name": "a.png", "mimeType": "image/png", "buffer": content})
    expect(page.locator("#number")).to_have_text("2104")


def shown_picture(page: Page) -> tuple[float, float, float, float]:
    """Return left, top, width and height of the picture in its frame, where it is centred."""
    box = page.locator("#picture").bounding_box()
    assert box
    width, height = page.evaluate("[picture.naturalWidth, picture.naturalHeight]")
    scale = min(box["width"] / width, box["height"] / height)
    left, top = box["width"] - scale * width, box["height"] - scale * height
    return box["x"] + left / 2, box["y"] + top / 2, scale * width, scale * height


def draw_by_mouse_after_clearing(page: Page) -> None:
    page.click("#clear")
    draw_by_mouse(page, seven())
    expect(page.locator("#number")).to_have_text("7")
    expect(page.locator("#notice")).to_be_empty()
