import json
import re
import runpy
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from PIL import Image

from paper import on_paper, row
from tendigits.data import Dataset

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
NOTEBOOK = (ROOT / "docs" / "notebook.ipynb").read_text(encoding="utf-8")


@pytest.mark.filterwarnings("default")  # the kernel's own machinery warns
def test_notebook_runs_from_top_to_bottom(tmp_path: Path) -> None:
    notebook = nbformat.reads(NOTEBOOK, as_version=4)
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": tmp_path}}).execute()
    assert "Test accuracy: 9" in str(notebook.cells)


def test_notebook_is_stored_with_its_output() -> None:
    code = [cell for cell in json.loads(NOTEBOOK)["cells"] if cell["cell_type"] == "code"]
    assert all(cell["execution_count"] for cell in code)
    assert sum("image/png" in str(cell["outputs"]) for cell in code) == 4


def test_python_in_the_readme_runs(
    mnist: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Image.fromarray(on_paper(row(mnist.test.images[:3]))).save("photo.jpg")
    examples = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert examples
    for example in examples:
        exec(compile(example, "README.md", "exec"), {})


def test_links_in_the_readme_exist() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", README)
    assert links
    assert [link for link in links if "://" not in link and not (ROOT / link).exists()] == []


def test_layout_in_the_readme_names_every_module_and_folder() -> None:
    tree = README.split("## Project layout")[1]
    rooms = [path.name for path in (ROOT / "src/tendigits").iterdir()]
    assert [room for room in rooms if room[0] != "_" and room not in tree] == ["py.typed"]


def test_figures_in_the_readme_are_the_measured_ones() -> None:
    script = runpy.run_path(str(ROOT / "benchmarks" / "figures_in_readme.py"))
    assert script["with_figures"](README) == README
