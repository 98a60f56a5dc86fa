"""A report as a page in one HTML file, and as a model card."""

import base64
from collections.abc import Callable
from pathlib import Path

import jinja2
import tomli_w

from tendigits.evaluation.in_short import in_short
from tendigits.evaluation.report import Report


def page(report: Report, folder: Path) -> str:
    """Return the report as HTML, with the PNGs of `folder` embedded."""
    return _render("page.html.jinja", report, lambda name: _data_url(folder / name))


def model_card(report: Report) -> str:
    """Return the report as a model card in Markdown.

    Source of the form: M. Mitchell et al., "Model cards for model reporting", FAT* 2019.
    """
    return _render("card.md.jinja", report, str)


def _render(template: str, report: Report, picture: Callable[[str], str]) -> str:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=jinja2.select_autoescape(["html.jinja"]),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "percent": _percent,
        "interval": _interval,
        "count": "{:,}".format,
        "short": "{:.3g}".format,
    }
    return environment.get_template(template).render(
        report=report,
        in_short=in_short(report),
        picture=picture,
        recipe=tomli_w.dumps(report.origin.recipe),
        trained_to_reject="ood" in report.origin.recipe,
    )


def _data_url(png: Path) -> str:
    return "data:image/png;base64," + base64.b64encode(png.read_bytes()).decode()


def _percent(fraction: float, digits: int = 2) -> str:
    return f"{100 * fraction:.{digits}f} %"


def _interval(ends: tuple[float, float], digits: int = 2) -> str:
    return f"{_percent(ends[0], digits)} to {_percent(ends[1], digits)}"
