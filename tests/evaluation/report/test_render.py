import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tendigits import Report, read_report
from tendigits.evaluation.report.render import model_card, page

VOID = {"meta", "img", "link", "br", "hr"}


class Outline(HTMLParser):
    """Notes what a page holds, and that every element is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.images: list[dict[str, str | None]] = []
        self.ids: list[str] = []
        self.targets: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if tag not in VOID:
            self.open.append(tag)
        if tag == "img":
            self.images.append(attributes)
        self.ids += [attributes["id"] or ""] if "id" in attributes else []
        self.targets += [attributes["href"] or ""] if "href" in attributes else []

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


@pytest.fixture(scope="module")
def report(full_report: Path) -> Report:
    return read_report(full_report)


@pytest.fixture(scope="module")
def html(full_report: Path) -> str:
    return (full_report / "report.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def outline(html: str) -> Outline:
    parsed = Outline()
    parsed.feed(html)
    return parsed


def test_every_element_is_closed_and_every_link_leads_somewhere(outline: Outline) -> None:
    assert outline.open == []
    assert len(outline.ids) == len(set(outline.ids)) == 8
    assert {target.removeprefix("#") for target in outline.targets} == set(outline.ids)


def test_the_page_needs_nothing_but_itself(html: str, outline: Outline) -> None:
    assert re.findall(r"(?:src|href)=\"(?!#|data:)", html) == []
    assert re.findall(r"https?://|@import|url\(|<script", html) == []
    assert len(outline.images) == 12
    assert all((each["src"] or "").startswith("data:image/png;base64,") for each in outline.images)


def test_every_picture_is_told_in_words(outline: Outline) -> None:
    assert all(len(each["alt"] or "") > 15 for each in outline.images)


def test_the_page_is_made_for_paper_phones_and_the_dark(html: str) -> None:
    for rule in ("@media print", "prefers-color-scheme: dark", "width=device-width", 'lang="en"'):
        assert rule in html


def test_page_and_card_state_the_headline(report: Report, outline: Outline) -> None:
    text, card = " ".join(outline.text), model_card(report)
    for figure in (
        f"{100 * report.accuracy.metrics.accuracy:.2f} %",
        f"{report.confidence.shipped.negative_log_likelihood:.4f}",
        f"{report.confidence.shipped.calibration_error:.4f}",
        f"{100 * report.robustness.classifiers[0].mean:.1f} %",
        f"{report.rejection.mean_auroc:.3f}",
    ):
        assert figure in text
        assert figure in card


def test_what_a_classifier_says_of_itself_cannot_change_the_page(
    report: Report, full_report: Path
) -> None:
    from dataclasses import replace

    sly = replace(report, name="<script>alert(1)</script>")
    assert "<script>" not in page(sly, full_report)


def test_a_classifier_without_weights_temperature_or_recipe_has_a_page(
    report: Report, full_report: Path
) -> None:
    from dataclasses import replace

    plain = replace(
        report,
        attacks=None,
        confidence=replace(report.confidence, after=None),
        origin=replace(report.origin, recipe={}, assumptions=("Input: a guess.",)),
    )
    html = page(plain, full_report)
    assert "Not attacked" in html
    assert "Input: a guess." in html
    assert "no temperature" in html
    assert "Input: a guess." in model_card(plain)
