import json
import re
import runpy
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from PIL import Image

import tendigits
from paper import on_paper, row
from tendigits.data import Dataset

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
NOTEBOOK = (ROOT / "docs" / "notebook.ipynb").read_text(encoding="utf-8")


def page_name(page: Path) -> str:
    return page.name


@pytest.mark.filterwarnings("default")  # the kernel's own machinery warns
def test_notebook_runs_from_top_to_bottom(tmp_path: Path) -> None:
    notebook = nbformat.reads(NOTEBOOK, as_version=4)
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": tmp_path}}).execute()
    assert "Test accuracy: 9" in str(notebook.cells)


def test_notebook_is_stored_with_its_output() -> None:
    code = [cell for cell in json.loads(NOTEBOOK)["cells"] if cell["cell_type"] == "code"]
    assert all(cell["execution_count"] for cell in code)
    assert sum("image/png" in str(cell["outputs"]) for cell in code) == 6
    assert "Try your own handwriting" in NOTEBOOK
    assert "class MLP" in NOTEBOOK  # the code of the network


def python_blocks(page: Path) -> list[str]:
    return re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.parametrize("page", [page for page in PAGES if python_blocks(page)], ids=page_name)
def test_python_in_the_documentation_runs(
    page: Path, mnist: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Image.fromarray(on_paper(row(mnist.test.images[:3]))).save("photo.jpg")
    for block in python_blocks(page):
        exec(compile(block, page.name, "exec"), {})


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_links_in_the_documentation_exist(page: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8"))
    local = [link for link in links if "://" not in link]
    assert [link for link in local if not (page.parent / link).exists()] == []


def test_readme_has_at_most_150_lines() -> None:
    assert len(README.splitlines()) <= 150


def test_layout_in_the_readme_names_every_module_and_folder() -> None:
    layout = README.split("## Project layout")[1]
    rooms = [path.name for path in (ROOT / "src/tendigits").iterdir()]
    assert [room for room in rooms if room[0] != "_" and room not in layout] == ["py.typed"]


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_tables_are_those_of_the_measured_results(page: Path) -> None:
    tables = runpy.run_path(str(ROOT / "benchmarks" / "tables.py"))
    text = page.read_text(encoding="utf-8")
    assert tables["with_tables"](text) == text


def test_reference_lists_every_public_name_once() -> None:
    reference = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
    names = re.findall(r"^::: tendigits\.(\w+)$", reference, re.MULTILINE)
    assert sorted(names) == sorted(tendigits.__all__)


def test_every_table_is_on_a_page() -> None:
    tables = runpy.run_path(str(ROOT / "benchmarks" / "tables.py"))["TABLES"]
    text = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    assert [name for name in tables if f"<!-- {name} -->\n" not in text] == []
