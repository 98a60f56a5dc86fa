"""A full report on each model that ships: its figures and its model card, beside the model file.

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

from tables import update_pages
from tendigits import Report, evaluate_fully, read_report
from tendigits.classifiers.model_file import shipped_models, shipped_reports
from tendigits.files import sha256_of, write_json, write_text
from tendigits.progress import Terminal

DOCS = Path(__file__).parent.parent / "docs"
PICTURES = ("corruptions", "reliability")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--all", action="store_true", help="measure all anew")
    measure_all = arguments.parse_args().all
    write_json(DOCS / "report.schema.json", TypeAdapter(Report).json_schema())
    for name, path in shipped_models().items():
        if measure_all or not is_current(name):
            report(name, path)
    update_pages()


def is_current(name: str) -> bool:
    kept = shipped_reports()[name]
    return kept.exists() and read_report(kept).origin.sha256 == sha256_of(shipped_models()[name])


def report(name: str, path: Path) -> None:
    with tempfile.TemporaryDirectory() as folder, Terminal() as terminal:
        out = Path(folder) / name
        evaluate_fully(name, out, terminal.step)
        write_json(path.with_suffix(".json"), json.loads((out / "report.json").read_text("utf-8")))
        write_text(path.with_suffix(".md"), (out / "MODEL_CARD.md").read_text("utf-8"))
        for picture in PICTURES if name == "reader" else ():
            shutil.copy(out / f"{picture}.png", DOCS / "pictures" / f"{picture}.png")
    print(f"{name}: {path.with_suffix('.json')}", flush=True)


if __name__ == "__main__":
    main()
