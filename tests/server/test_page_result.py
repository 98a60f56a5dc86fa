"""What can be done with a result on the page: correct it, copy it, read several files."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, FilePayload, Page, Route, expect

from browser import PHONE, check_with_axe, draw_by_mouse, page_of, row, seven
from paper import on_paper
from paper import row as row_of
from server_process import Server, png
from tendigits.data import Dataset

TWO_CLICKS = "button => { button.click(); button.click(); }"


@pytest.fixture
def page(browser: Browser, server: Server) -> Iterator[Page]:
    with page_of(browser, server.url) as opened:
        yield opened


@pytest.fixture
def scans(mnist: Dataset) -> list[FilePayload]:
    """Pictures of 721 and 041, and a text between them."""
    pictures = [png(on_paper(row_of(mnist.test.images[at : at + 3]))) for at in (0, 3)]
    return [
        {"name": "first.png", "mimeType": "image/png", "buffer": pictures[0]},
        {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"721"},
        {"name": "second.png", "mimeType": "image/png", "buffer": pictures[1]},
    ]


def correct(page: Page, label: str) -> None:
    page.click("#correct")
    page.get_by_role("button", name=label, exact=True).click()


def test_the_headline_shows_a_correction_until_it_is_undone(page: Page) -> None:
    draw_by_mouse(page, row())
    expect(page.locator("#number")).to_have_text("2104")
    page.locator("#shapes button").nth(1).click()
    correct(page, "7")
    expect(page.locator("#number")).to_have_text("2704")
    expect(page.locator("#sentence")).to_contain_text("Read as 2 1 0 4")
    expect(page.locator("#sentence")).to_contain_text("Corrected to 2704.")
    check_with_axe(page)
    page.click("#stored button")
    expect(page.locator("#number")).to_have_text("2104")
    expect(page.locator("#sentence")).not_to_contain_text("Corrected")


@pytest.mark.parametrize("is_secure", [True, False], ids=["localhost", "plain HTTP"])
def test_the_corrected_text_is_copied(page: Page, is_secure: bool) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    draw_by_mouse(page, seven())
    expect(page.locator("#number")).to_have_text("7")
    correct(page, "1")
    expect(page.locator("#number")).to_have_text("1")
    page.evaluate("window.clipboard = navigator.clipboard")
    if not is_secure:
        page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    page.click("#copy")
    expect(page.locator("#copy")).to_have_text("Copied")
    assert page.evaluate("window.clipboard.readText()") == "1"


def test_the_pen_width_changes_the_frame(page: Page) -> None:
    draw_by_mouse(page, seven())
    expect(page.locator("#number")).to_have_text("7")
    before = page.locator("#frame").get_attribute("src")
    page.locator("#pen").fill("0.1")
    expect(page.locator("#frame")).not_to_have_attribute("src", str(before))
    expect(page.locator("#number")).to_have_text("7")


def test_several_files_are_read_and_each_can_be_chosen(
    page: Page, scans: list[FilePayload]
) -> None:
    page.set_input_files("#chosen", scans)
    expect(page.locator("#pages button")).to_have_text(["first.png", "notes.txt", "second.png"])
    expect(page.locator("#number")).to_have_text("721")
    expect(page.locator("#picture")).to_have_attribute("alt", "The picture first.png")
    page.locator("#pages button").nth(2).click()
    expect(page.locator("#number")).to_have_text("041")
    expect(page.locator("#picture")).to_have_attribute("alt", "The picture second.png")
    expect(page.locator("#boxes rect")).to_have_count(3)
    page.locator("#pages button").nth(1).click()
    expect(page.locator("#sentence")).to_contain_text("send a PNG, JPEG, HEIC")


def test_a_file_of_another_kind_is_reported_by_file_types(
    page: Page, scans: list[FilePayload]
) -> None:
    page.set_input_files("#chosen", scans[1])
    expect(page.locator("#notice")).to_contain_text("send a PNG, JPEG, HEIC")
    expect(page.locator("#notice")).not_to_contain_text("Content-Type")


def test_no_further_file_is_read_after_the_key_dialog_is_cancelled(
    page: Page, scans: list[FilePayload]
) -> None:
    sent: list[str] = []

    def require_a_key(route: Route) -> None:
        sent.append(route.request.url)
        route.fulfill(status=401, json={"detail": "A key is required."})

    page.route("**/v1/read*", require_a_key)
    page.set_input_files("#chosen", scans)
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("#notice")).to_contain_text("The server requires a key.")
    expect(page.locator("#key-dialog")).to_be_hidden()
    assert len(sent) == 1


def test_choosing_a_corrected_digit_keeps_the_focus(page: Page) -> None:
    draw_by_mouse(page, row())
    expect(page.locator("#number")).to_have_text("2104")
    digits = page.locator("#shapes button")
    digits.nth(1).click()
    correct(page, "7")
    expect(page.locator("#stored button")).to_be_focused()
    digits.nth(0).click()
    digits.nth(1).click()
    expect(page.locator("#stored button")).to_be_visible()
    expect(digits.nth(1)).to_be_focused()


def test_a_double_click_shows_older_corrections_or_undoes_one_once(page: Page) -> None:
    page.route(re.compile(r"/v1/corrections\b"), answer_about_corrections)
    page.click("nav >> text=Corrections")
    entries = page.locator("#corrections-list li")
    expect(entries).to_have_count(2)
    page.locator("#more").evaluate(TWO_CLICKS)
    expect(page.locator("#more")).to_be_hidden()
    expect(entries).to_have_count(4)
    entries.nth(3).get_by_role("button").evaluate(TWO_CLICKS)
    expect(entries).to_have_count(3)
    expect(page.locator("#corrections-lead")).to_contain_text("3 corrections are stored.")


def answer_about_corrections(route: Route) -> None:
    """Let four corrections be stored, of which two are listed at a time."""
    if route.request.method == "DELETE":
        route.fulfill(status=204)
        return
    first = 2 if "before=" in route.request.url else 4
    corrections = [
        {"id": number, "frame": "", "read": 7, "correct": 1, "created": "2026-01-01T00:00:00Z"}
        for number in (first, first - 1)
    ]
    next_id = 3 if first == 4 else None
    route.fulfill(json={"corrections": corrections, "total": 4, "next": next_id})


def test_the_page_links_the_documentation_of_the_api(page: Page, server: Server) -> None:
    expect(page.locator("nav >> text=API")).to_have_attribute("href", "/docs")
    assert "/openapi.json" in server.get("/docs").text


def test_the_longest_percentage_fits(browser: Browser, server: Server) -> None:
    with page_of(browser, server.url, PHONE) as page:
        draw_by_mouse(page, seven())
        expect(page.locator("#number")).to_have_text("7")
        bar = page.locator(".bars .is-label .percent")
        bar.evaluate("element => { element.textContent = '>99.9\\u00a0%'; }")
        assert bar.evaluate("element => element.scrollWidth <= element.clientWidth")
