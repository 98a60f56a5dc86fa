"""Take the screenshots of the page that the README shows: a real server, a real browser.

`make screenshots` writes docs/screenshots/*.png. The page uses the font Inter (Debian:
fonts-inter) if it is installed, else a font of the system.
"""

import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from playwright.sync_api import Browser, Page, expect

from browser import DESK, PHONE, chromium, doodle, draw_by_mouse, page_of, row, seven
from paper import on_paper
from paper import row as row_of
from server_process import png, serving
from tendigits import load_dataset
from tendigits.export.html_page import make_page, write_page

FOLDER = Path(__file__).parent / "screenshots"
MOST_BYTES = 300_000


def main() -> None:
    """Take all screenshots."""
    FOLDER.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        chromium() as browser,
        serving(Path(folder)) as server,
    ):
        take(browser, server.url, "row", show_row)
        take(browser, server.url, "occlusion", show_occlusion, dark=True)
        take(browser, server.url, "photo", show_photo)
        take(browser, server.url, "form", show_form)
        take(browser, server.url, "phone-form", show_form, size=PHONE)
        take(browser, server.url, "phone", show_seven, size=PHONE)
        take(browser, server.url, "phone-rejected", show_doodle, size=PHONE, dark=True)
        take(browser, server.url, "phone-corrections", show_corrections, size=PHONE)
        take(browser, server.url, "model", show_model)
        take_exported_page(browser, Path(folder) / "digits.html")


def take_exported_page(browser: Browser, path: Path) -> None:
    """Take the screenshots of an exported page."""
    write_page(make_page("reader"), path)
    take(browser, path.as_uri(), "page-read", show_row)
    take(browser, path.as_uri(), "page-inside", show_inside)
    take(browser, path.as_uri(), "phone-page-tour", show_tour, size=PHONE, dark=True)


def take(
    browser: Browser,
    url: str,
    name: str,
    show: Callable[[Page], None],
    *,
    size: tuple[int, int] = DESK,
    dark: bool = False,
) -> None:
    """Open the page, do what `show` does, and write a screenshot."""
    with page_of(browser, url, size, dark=dark) as page:
        show(page)
        page.mouse.move(0, 0)
        page.wait_for_timeout(500)  # until the bars have their final length
        path = FOLDER / f"{name}.png"
        page.screenshot(path=path)
    assert path.stat().st_size < MOST_BYTES
    print(f"{path.relative_to(Path.cwd())}: {path.stat().st_size // 1000} kB")


def show_seven(page: Page) -> None:
    """Draw a seven."""
    draw_by_mouse(page, seven())
    expect(page.locator("#number")).to_have_text("7")


def show_row(page: Page) -> None:
    """Draw several digits and choose one."""
    draw_by_mouse(page, row())
    page.locator("#shapes button").nth(2).click()


def show_doodle(page: Page) -> None:
    """Draw a non-digit."""
    draw_by_mouse(page, doodle())
    expect(page.locator("#sentence")).to_contain_text("There are no digits")


def show_occlusion(page: Page) -> None:
    """Draw a seven and open its occlusion map."""
    show_seven(page)
    page.click("#occlusion summary")
    expect(page.locator("#explanation")).not_to_be_empty()


def show_photo(page: Page) -> None:
    """Read a photo."""
    digits = load_dataset("mnist").test.images[:7]
    photo = on_paper(np.pad(row_of(digits), ((230, 280), (30, 30))), shadow=0.35)
    page.set_input_files(
        "#chosen", {"name": "photo.png", "mimeType": "image/png", "buffer": png(photo)}
    )
    expect(page.locator("#number")).not_to_be_empty()


def show_form(page: Page) -> None:
    """Read a photo of a form and choose a number."""
    digits = load_dataset("mnist").test.images[48:72]
    sheet = np.zeros((900, 1050), np.float32)
    for number in range(12):
        ink = row_of(digits[2 * number : 2 * number + 2], scale=3)
        top, left = 30 + 220 * (number // 3), 50 + 350 * (number % 3)
        sheet[top : top + ink.shape[0], left : left + ink.shape[1]] = ink
    content = png(on_paper(sheet, shadow=0.25))
    page.set_input_files(
        "#chosen", {"name": "form.png", "mimeType": "image/png", "buffer": content}
    )
    expect(page.locator("#lines li")).not_to_have_count(0)
    page.locator("#lines button").nth(4).click()


def show_corrections(page: Page) -> None:
    """Correct three shapes and list the corrections."""
    for digit in ("1", "2", "Non-digit"):
        page.click("#clear") if page.locator("#clear").is_enabled() else None
        show_seven(page)
        page.click("#correct")
        page.get_by_role("button", name=digit, exact=True).click()
        expect(page.locator("#stored")).not_to_be_empty()
    page.click("nav >> text=Corrections")
    expect(page.locator("#corrections-list li")).to_have_count(3)


def show_model(page: Page) -> None:
    """Show the model."""
    page.click("nav >> text=Model")
    expect(page.locator("#model-figures")).not_to_be_empty()


def show_inside(page: Page) -> None:
    """Look inside, at a channel of the third layer."""
    show_seven(page)
    page.click("nav >> text=Look inside")
    expect(page.locator("#outputs .is-label b")).to_have_text("7")
    page.locator("#maps-2").click(position={"x": 10, "y": 10})
    expect(page.locator(".examples button").first).to_be_visible()
    page.locator("#layer-2").scroll_into_view_if_needed()
    page.locator("#layer-2").evaluate("card => card.scrollIntoView()")


def show_tour(page: Page) -> None:
    """Take the first three steps of the tour."""
    page.locator("[data-tour]").first.click()
    expect(page.locator("#number")).to_have_text("5")
    for _ in range(2):
        page.locator("#tour button.main").click()
    page.wait_for_timeout(1500)  # until it has been scrolled to the layer


if __name__ == "__main__":
    main()
