from pathlib import Path

import pytest

from tendigits import PictureError
from tendigits.reading.sources import find_sources


def test_a_folder_stands_for_the_pictures_in_and_under_it(tmp_path: Path) -> None:
    (tmp_path / "deeper").mkdir()
    for name in ("b.PNG", "a.jpg", "deeper/c.webp", "notes.txt", "noextension"):
        (tmp_path / name).touch()
    names = [
        Path(source.name).relative_to(tmp_path).as_posix()
        for source in find_sources([str(tmp_path)])
    ]
    assert names == ["a.jpg", "b.PNG", "deeper/c.webp"]


def test_files_keep_their_order_and_need_not_be_there_yet() -> None:
    assert [source.name for source in find_sources(["z.png", "a.png"])] == ["z.png", "a.png"]


def test_a_folder_without_pictures_is_told(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match="There is no picture in the folder"):
        find_sources([str(tmp_path)])
