import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tendigits.evaluation import Report, read_report
from tendigits.evaluation.ood import OODSet
from tendigits.evaluation.render import model_card, page

VOID = {"meta", "img", "link", "br", "hr"}


class Outline(HTMLParser):
    """Collects the content of a page, and checks that every element is closed."""

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


def test_every_element_is_closed_and_every_link_has_a_target(outline: Outline) -> None:
    assert outline.open == []
    assert len(outline.ids) == len(set(outline.ids)) == 8
    assert {target.removeprefix("#") for target in outline.targets} == set(outline.ids)


def test_page_refers_to_no_other_file(html: str, outline: Outline) -> None:
    assert re.findall(r"(?:src|href)=\"(?!#|data:)", html) == []
    assert re.findall(r"https?://|@import|url\(|<script", html) == []
    assert len(outline.images) == 12
    assert all((each["src"] or "").startswith("data:image/png;base64,") for each in outline.images)


def test_every_plot_has_a_description(outline: Outline) -> None:
    assert all(len(each["alt"] or "") > 15 for each in outline.images)


def test_page_supports_print_phones_and_dark_mode(html: str) -> None:
    for rule in ("@media print", "prefers-color-scheme: dark", "width=device-width", 'lang="en"'):
        assert rule in html


def test_page_and_model_card_have_the_main_figures(report: Report, outline: Outline) -> None:
    text, card = " ".join(outline.text), model_card(report)
    for figure in (
        f"{100 * report.accuracy.metrics.accuracy:.2f} %",
        f"{report.calibration.final.negative_log_likelihood:.4f}",
        f"{report.calibration.final.calibration_error:.4f}",
        f"{100 * report.corruptions.classifiers[0].mean:.1f} %",
        f"{report.ood.mean_auroc:.3f}",
    ):
        assert figure in text
        assert figure in card


def test_html_in_a_name_is_escaped(report: Report, full_report: Path) -> None:
    assert "<script>" not in page(
        replace(report, name="<script>alert(1)</script>"), full_report / "plots"
    )


def test_classifier_without_gradient_temperature_or_recipe_has_a_page(
    report: Report, full_report: Path
) -> None:
    minimal = replace(
        report,
        adversarial=None,
        calibration=replace(report.calibration, after=None),
        origin=replace(report.origin, recipe={}, assumptions=("Input: a guess.",)),
    )
    html, card = page(minimal, full_report / "plots"), model_card(minimal)
    assert "cannot be differentiated" in html
    assert "no temperature" in html
    assert "Input: a guess." in html
    assert "Input: a guess." in card
    assert "FGSM" not in card


def test_named_data_sets_follow_the_mean_of_the_package_sets(
    report: Report, full_report: Path
) -> None:
    clothes = OODSet("Fashion-MNIST", 1000, 0.9876, 0.5, 0.5, 0.1, 0.9)
    html = page(
        replace(report, ood=replace(report.ood, data_sets=(clothes,))), full_report / "plots"
    )
    after_mean = html.partition('<tr class="total"><th scope="row">mean</th><td></td>')[2]
    assert "Fashion-MNIST</th><td>1,000</td><td>0.9876" in after_mean
