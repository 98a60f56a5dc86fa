"""A full report on each pretrained model: its figures and its model card, beside the model file.

Writes `src/tendigits/pretrained/NAME.json` and `NAME.md`, the schema of the report, and the tables
and pictures of the docs. A model whose file has not changed keeps its report; `--all` measures all
of them again.
"""

import argparse
import json
import shutil
import tempfile
from pathlib import Path

from pydantic import TypeAdapter

import tendigits
from tables import update_pages
from tendigits.classifiers.model_file import pretrained_models, pretrained_reports
from tendigits.errors import ReportError
from tendigits.evaluation.report import Report, read_report
from tendigits.files import sha256_of, write_json, write_text

DOCS = Path(__file__).parent.parent / "docs"
PICTURES = ("corruptions", "reliability")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--all", action="store_true", help="measure all models again")
    measure_all = arguments.parse_args().all
    write_json(DOCS / "report.schema.json", TypeAdapter(Report).json_schema())
    for name, path in pretrained_models().items():
        if measure_all or not is_current(name):
            write_report_beside(name, path)
    update_pages()


def is_current(name: str) -> bool:
    """Return whether a pretrained model has a report of its file, in the current format."""
    try:
        report = read_report(pretrained_reports()[name])
    except ReportError:
        return False
    return report.origin.sha256 == sha256_of(pretrained_models()[name])


def write_report_beside(name: str, path: Path) -> None:
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent) / name
        tendigits.write_report(name, folder)
        figures = json.loads((folder / "report.json").read_text("utf-8"))
        write_json(path.with_suffix(".json"), figures)
        write_text(path.with_suffix(".md"), (folder / "MODEL_CARD.md").read_text("utf-8"))
        for picture in PICTURES if name == "reader" else ():
            shutil.copy(folder / "plots" / f"{picture}.png", DOCS / "pictures" / f"{picture}.png")
    print(f"{name}: {path.with_suffix('.json')}", flush=True)


if __name__ == "__main__":
    main()
