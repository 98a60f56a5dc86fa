"""A report as a page that needs nothing but itself, and as a model card."""

import base64
from pathlib import Path

import jinja2
import tomli_w

from tendigits.evaluation.report.contents import Report


def page(report: Report, folder: Path) -> str:
    """Return the report as HTML, with the PNGs of `folder` inside."""
    return _render("page.html.jinja", report, lambda name: _inlined(folder / name))


def model_card(report: Report) -> str:
    """Return the report as a model card in Markdown.

    Source of the form: M. Mitchell et al., "Model cards for model reporting", FAT* 2019.
    """
    return _render("card.md.jinja", report, str)


def _render(template: str, report: Report, picture: object) -> str:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=jinja2.select_autoescape(["html.jinja"]),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "percent": _percent,
        "interval": _interval,
        "count": _count,
        "short": _short,
    }
    return environment.get_template(template).render(
        report=report,
        picture=picture,
        recipe=tomli_w.dumps(report.origin.recipe),
        learns_ood="ood" in report.origin.recipe,
    )


def _inlined(png: Path) -> str:
    return "data:image/png;base64," + base64.b64encode(png.read_bytes()).decode()


def _percent(share: float, digits: int = 2) -> str:
    return f"{100 * share:.{digits}f} %"


def _interval(ends: tuple[float, float], digits: int = 2) -> str:
    return f"{_percent(ends[0], digits)} to {_percent(ends[1], digits)}"


def _count(number: int) -> str:
    return f"{number:,}"


def _short(number: float) -> str:
    """Return a number with three figures that count."""
    return f"{number:.3g}"
