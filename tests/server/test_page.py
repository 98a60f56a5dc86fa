import os
import re
import signal
import sqlite3
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, Route, expect
from scipy.stats import binomtest

from browser import (
    PHONE,
    SIZES,
    check_with_axe,
    doodle,
    draw_by_mouse,
    draw_by_touch,
    page_of,
    press_until_focused,
    row,
    seven,
)
from server_process import Server, png, serving
from tendigits.data import NON_DIGIT


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("page")


@pytest.fixture(scope="module")
def served(folder: Path) -> Iterator[Server]:
    with serving(folder) as running:
        yield running


@pytest.fixture
def page(browser: Browser, served: Server) -> Iterator[Page]:
    with page_of(browser, served.url) as opened:
        yield opened


@SIZES
def test_a_drawn_seven_is_read(browser: Browser, served: Server, size: tuple[int, int]) -> None:
    with page_of(browser, served.url, size) as page:
        (draw_by_touch if size == PHONE else draw_by_mouse)(page, seven())
        expect(page.locator("#number")).to_have_text("7")
        expect(page.get_by_role("status").first).to_contain_text(
            re.compile(r"Read as 7 with a confidence of .+%")
        )
        expect(page.locator("#probabilities li")).to_have_count(11)
        expect(page.locator("#probabilities .is-label")).to_contain_text("7")
        expect(page.locator("#boxes rect")).to_have_count(1)
        assert page.evaluate("scrollY") == 0  # drawing by touch does not scroll
        assert page.evaluate("document.documentElement.scrollWidth") == size[0]


def test_each_digit_of_a_row_can_be_chosen(page: Page) -> None:
    draw_by_mouse(page, row())
    expect(page.locator("#number")).to_have_text("2104")
    page.locator("#shapes button").nth(2).click()
    expect(page.locator("#probabilities .is-label")).to_contain_text("0")
    expect(page.locator("#boxes rect").nth(2)).to_have_class("box chosen")


def test_a_doodle_has_no_digits(page: Page) -> None:
    draw_by_mouse(page, doodle())
    expect(page.locator("#sentence")).to_have_text("There are no digits in this picture.")
    expect(page.locator("#detail")).to_be_hidden()


def test_a_rejected_digit_is_shown_as_such(page: Page) -> None:
    read_as(page, "4?7", accepted=[True, False, True])
    draw_by_mouse(page, seven())
    expect(page.locator("#number")).to_have_text("4?7")
    expect(page.locator("#sentence")).to_contain_text("One digit is rejected")
    expect(page.locator("#boxes .box").nth(1)).to_have_class("box rejected")
    page.locator("#shapes button").nth(1).click()
    expect(page.locator("#probabilities .is-label")).to_contain_text("non-digit")


def test_strokes_are_undone_one_by_one_or_cleared(page: Page) -> None:
    draw_by_mouse(page, [*seven(), [(0.8, 0.2), (0.8, 0.8)]])
    expect(page.locator("#number")).to_have_text("71")
    page.keyboard.press("Control+z")
    expect(page.locator("#number")).to_have_text("7")
    page.click("#clear")
    expect(page.locator("#number")).to_have_text("")
    expect(page.locator("#hint")).to_be_visible()
    expect(page.locator("#undo")).to_be_disabled()


@pytest.mark.parametrize("name", ["undo", "clear"])
def test_a_stroke_that_is_removed_while_it_is_drawn_draws_no_more(page: Page, name: str) -> None:
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    draw_by_mouse(page, seven())
    drawn = page.evaluate("drawing.toDataURL()")
    box = page.locator("#drawing").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 20, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + 60, box["y"] + 20)
    page.evaluate("name => document.getElementById(name).click()", name)
    page.mouse.move(box["x"] + 60, box["y"] + 90, steps=3)
    page.mouse.up()
    expect(page.locator("#number")).to_have_text("7" if name == "undo" else "")
    assert (page.evaluate("drawing.toDataURL()") == drawn) == (name == "undo")
    draw_by_mouse(page, [[(0.8, 0.2), (0.8, 0.8)]])
    expect(page.locator("#number")).to_have_text("71" if name == "undo" else "1")
    assert errors == []


def test_only_the_latest_result_is_shown(page: Page) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/v1/read*", hold, times=1)
    draw_by_mouse(page, [[(0.8, 0.2), (0.8, 0.8)]])
    draw_by_mouse(page, seven())
    expect(page.locator("#number")).to_have_text("71")
    assert len(held) == 1
    expect(page.locator("#notice")).to_be_empty()


def test_a_correction_can_be_made_and_undone_by_keyboard(page: Page, folder: Path) -> None:
    page.add_init_script("delete Crypto.prototype.randomUUID")  # as on a page without HTTPS
    page.reload()
    draw_by_mouse(page, seven())
    expect(page.locator("#number")).to_have_text("7")
    before = stored(folder)
    press_until_focused(page, "#correct")
    page.keyboard.press("Enter")
    press_until_focused(page, "#choices button >> nth=1")
    page.keyboard.press("Enter")
    expect(page.locator("#stored")).to_contain_text("read as 7, should be 1")
    assert stored(folder)[len(before) :] == [(7, 1)]
    expect(page.locator("#stored button")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#correct")).to_be_focused()
    assert stored(folder) == before


def test_corrections_are_listed_and_can_be_undone(page: Page, folder: Path) -> None:
    read_as(page, "7", accepted=[False])
    draw_by_mouse(page, seven())
    expect(page.locator("#sentence")).to_contain_text("This digit is rejected")
    page.click("#correct")
    page.click("#choices >> text=4")
    expect(page.locator("#stored")).to_contain_text("read as not a digit, should be 4")
    assert stored(folder)[-1] == (NON_DIGIT, 4)
    page.click("nav >> text=Corrections")
    first = page.locator("#corrections-list li").first
    expect(first).to_contain_text("Read as not a digit, should be 4")
    count = len(stored(folder))
    first.get_by_role("button").click()
    expect(page.locator("#corrections-list li")).to_have_count(count - 1)
    assert len(stored(folder)) == count - 1


@pytest.mark.parametrize("again", ["#correction-notice button", "#choices >> text=9"])
def test_a_correction_whose_response_was_lost_is_stored_once(
    page: Page, folder: Path, again: str
) -> None:
    def lose_the_response(route: Route) -> None:
        route.fetch()
        route.abort()

    draw_by_mouse(page, seven())
    expect(page.locator("#number")).to_have_text("7")
    before = stored(folder)
    page.route("**/v1/corrections", lose_the_response, times=1)
    page.click("#correct")
    page.click("#choices >> text=9")
    expect(page.locator("#correction-notice")).to_contain_text("cannot be reached")
    page.click(again)
    expect(page.locator("#stored")).to_contain_text("read as 7, should be 9")
    assert stored(folder) == [*before, (7, 9)]


def test_the_occlusion_map_names_the_most_important_part(page: Page) -> None:
    draw_by_mouse(page, seven())
    page.click("#occlusion summary")
    expect(page.locator("#explanation")).to_contain_text("the confidence in “7” falls")
    expect(page.locator("#explanation")).to_contain_text("The most important part is the ")


def test_the_model_view_shows_the_metadata_and_the_report(page: Page, served: Server) -> None:
    test = served.get("/v1/model").json()["test"]
    correct = round(test["accuracy"] * test["examples"])
    low, high = binomtest(correct, test["examples"]).proportion_ci(method="wilson")
    page.click("nav >> text=Model")
    shown = page.locator("#model-figures")
    expect(shown).to_contain_text(f"{100 * test['accuracy']:.2f}")
    expect(shown).to_contain_text(re.compile(rf"{100 * low:.2f}.% to {100 * high:.2f}.%"))
    page.click("summary >> text=Recipe")
    expect(shown).to_contain_text("optimizer.kind")
    report = served.get("/v1/model/report").json()
    seven_row = page.locator(".confusion tbody tr").nth(7)
    expect(seven_row.locator(".correct")).to_have_text(str(report["confusion"][7][7]))
    curve = page.get_by_role("img", name="Calibration curve")
    expect(curve.locator("circle")).to_have_count(len(report["bins"]))


def test_nothing_is_loaded_from_other_sites_and_no_error_is_logged(
    browser: Browser, served: Server
) -> None:
    with page_of(browser, "about:blank") as page:
        requested: list[str] = []
        logged: list[str] = []
        page.on("request", lambda request: requested.append(request.url))
        page.on("console", lambda message: logged.append(message.text))
        page.on("pageerror", lambda error: logged.append(str(error)))
        page.goto(served.url)
        draw_by_mouse(page, seven())
        page.click("#occlusion summary")
        expect(page.locator("#explanation")).not_to_be_empty()
        page.click("nav >> text=Model")
        expect(page.locator("#model-figures")).not_to_be_empty()
    assert logged == []
    here = {url for url in requested if url.startswith(served.url)}
    assert {urlsplit(url).scheme for url in set(requested) - here} <= {"data", "blob"}


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@SIZES
def test_axe_finds_no_accessibility_violations(
    browser: Browser, served: Server, size: tuple[int, int], dark: bool
) -> None:
    with page_of(browser, served.url, size, dark=dark) as page:
        check_with_axe(page)
        draw_by_mouse(page, row())
        expect(page.locator("#number")).to_have_text("2104")
        page.click("#correct")
        page.click("#occlusion summary")
        expect(page.locator("#explanation")).not_to_be_empty()
        check_with_axe(page)
        page.click("#choices >> text=8")
        expect(page.locator("#stored")).not_to_be_empty()
        page.click("nav >> text=Corrections")
        expect(page.locator("#corrections-list li").first).to_be_visible()
        check_with_axe(page)
        page.click("nav >> text=Model")
        expect(page.locator("#model-figures")).not_to_be_empty()
        for part in page.locator("#model-figures summary").all():
            part.click()
        check_with_axe(page)


def test_a_request_can_be_repeated_after_the_server_was_restarted(
    browser: Browser, tmp_path: Path
) -> None:
    with serving(tmp_path, "--model", "tiny") as server:
        port = str(urlsplit(server.url).port)
        with page_of(browser, server.url) as page:
            server.process.kill()
            server.process.wait()
            draw_by_mouse(page, seven())
            expect(page.locator("#notice")).to_contain_text("The server cannot be reached.")
            with serving(tmp_path, "--model", "tiny", "--port", port):
                page.get_by_role("button", name="Try again").click()
                expect(page.locator("#number")).to_have_text("7")
                expect(page.locator("#notice")).to_be_empty()


def test_a_request_to_a_hanging_server_times_out(browser: Browser, tmp_path: Path) -> None:
    with serving(tmp_path, "--model", "tiny") as server, page_of(browser, server.url) as page:
        server.process.send_signal(signal.SIGSTOP)
        draw_by_mouse(page, seven())
        expect(page.locator("#sentence")).to_have_text("Reading…")
        expect(page.locator("#notice")).to_contain_text("did not respond within", timeout=10_000)
        expect(page.locator("#sentence")).to_have_text("")
        server.process.send_signal(signal.SIGCONT)
        page.get_by_role("button", name="Try again").click()
        expect(page.locator("#number")).to_have_text("7")


def test_a_rejected_request_can_be_repeated_after_the_server_s_retry_after(
    browser: Browser, tmp_path: Path
) -> None:
    with (
        serving(tmp_path, "--model", "tiny", "--queue", "1") as server,
        page_of(browser, server.url) as page,
        ThreadPoolExecutor(2) as clients,
    ):
        (worker,) = server.workers()
        os.kill(worker, signal.SIGSTOP)
        blank = png(np.full((50, 50), 255, np.uint8))
        responses = [clients.submit(server.read, blank) for _ in range(2)]
        wait(responses, return_when=FIRST_COMPLETED)  # one is rejected: the other is being read
        draw_by_mouse(page, seven())
        expect(page.locator("#notice")).to_contain_text("You have too many pictures in the queue")
        again = page.get_by_role("button", name="Try again")
        expect(again).to_be_disabled()
        os.kill(worker, signal.SIGCONT)
        expect(again).to_be_enabled()
        again.click()
        expect(page.locator("#number")).to_have_text("7")


def test_the_page_asks_for_the_key_of_a_server(browser: Browser, tmp_path: Path) -> None:
    words = ("--model", "tiny", "--api-key", "open-sesame")
    with serving(tmp_path, *words) as server, page_of(browser, server.url) as page:
        draw_by_mouse(page, seven())
        check_with_axe(page)
        page.get_by_label("Key", exact=True).fill("wrong")
        page.keyboard.press("Enter")
        expect(page.locator("#key-rejected")).to_have_text("The key was rejected.")
        page.get_by_label("Key", exact=True).fill("open-sesame\u2026")
        page.keyboard.press("Enter")
        expect(page.locator("#key-rejected")).to_contain_text("must consist of ASCII characters")
        page.get_by_label("Key", exact=True).fill("open-sesame")
        page.get_by_role("button", name="Use this key").click()
        expect(page.locator("#number")).to_have_text("7")
        page.reload()
        draw_by_mouse(page, seven())
        expect(page.locator("#number")).to_have_text("7")


def read_as(page: Page, text: str, accepted: list[bool]) -> None:
    """Let the next picture be read as a number, some of whose digits are rejected."""

    def answer(route: Route) -> None:
        result = route.fetch().json()
        (digit,) = result["digits"]
        digits = [
            {**digit, "accepted": each, "digit": int(symbol) if each else digit["digit"]}
            for symbol, each in zip(text, accepted, strict=True)
        ]
        number = {**result["numbers"][0], "text": text}
        route.fulfill(json={**result, "text": text, "numbers": [number], "digits": digits})

    page.route("**/v1/read*", answer, times=1)


def stored(folder: Path) -> list[tuple[int, int]]:
    """Return the read and the correct label of each correction in the database."""
    path = folder / "corrections.sqlite"
    if not path.exists():
        return []
    connection = sqlite3.connect(path)
    try:
        return list(connection.execute('SELECT "read", correct FROM corrections ORDER BY id'))
    finally:
        connection.close()
