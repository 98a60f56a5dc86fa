import subprocess
from pathlib import Path

import pytest

from conftest import command
from tendigits import PictureError
from tendigits.reading.sources import find_sources


def test_folder_stands_for_all_pictures_and_documents_below_it(tmp_path: Path) -> None:
    (tmp_path / "deeper").mkdir()
    names = ["a.jpg", "b.PNG", "deeper/c.webp", "deeper/d.heic", "e.HEIF", "f.pdf", "g.tiff"]
    for name in (*names, "notes.txt", "noextension"):
        (tmp_path / name).touch()
    found = [
        Path(source.name).relative_to(tmp_path).as_posix()
        for source in find_sources([str(tmp_path)])
    ]
    assert found == names


def test_files_keep_their_order_and_may_be_missing() -> None:
    assert [source.name for source in find_sources(["z.png", "a.png"])] == ["z.png", "a.png"]


def test_folder_without_pictures_gives_an_error(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match="contains no pictures; choose another folder"):
        find_sources([str(tmp_path)])


def test_documents_of_a_folder_are_named_with_the_extra_to_install(tmp_path: Path) -> None:
    (tmp_path / "page.pdf").write_bytes(b"%PDF-1.7\n")
    (tmp_path / "photo.heic").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")
    script = (
        "import sys; from tendigits.cli import main\n"
        "sys.modules['pypdfium2'] = sys.modules['pi_heif'] = None\n"
        "main()"
    )
    words = [command()[0], "-c", script, "read", str(tmp_path)]
    result = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert (result.returncode, result.stdout) == (2, "")
    lines = result.stderr.splitlines()
    for line, name in zip(lines, ("page.pdf", "photo.heic"), strict=True):
        assert name in line
        assert "install it with: pip install 'tendigits[documents]'" in line
