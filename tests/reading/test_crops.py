import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tendigits import DataError, PictureError, Reader, load_dataset
from tendigits.data import Dataset
from tendigits.reading.crops import CropFolder


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader()


def entries(folder: Path) -> list[dict[str, object]]:
    lines = (folder / "labels.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def write(folder: Path, reader: Reader, pictures: list[tuple[str, np.ndarray]]) -> None:
    crops = CropFolder(folder)
    for stem, picture in pictures:
        crops.add(stem, reader.read(picture))
    crops.write_labels()


def test_frames_are_listed_in_order_with_their_digits(
    reader: Reader, mnist: Dataset, tmp_path: Path
) -> None:
    write(tmp_path, reader, [("a", mnist.test.images[0]), ("b", mnist.test.images[1])])
    found = entries(tmp_path)
    assert [list(each) for each in found] == [["file", "digit", "accepted", "confidence"]] * 2
    assert [each["digit"] for each in found] == mnist.test.labels[:2].tolist()
    assert [str(each["file"])[:2] for each in found] == ["a-", "b-"]
    with Image.open(tmp_path / str(found[0]["file"])) as frame:
        (digit,) = reader.read(mnist.test.images[0]).digits
        assert np.array_equal(np.asarray(frame), digit.frame)


def test_pictures_of_one_name_keep_their_own_frames(
    reader: Reader, mnist: Dataset, tmp_path: Path
) -> None:
    write(tmp_path, reader, [("page", image) for image in mnist.test.images[:4]])
    assert len({each["file"] for each in entries(tmp_path)}) == 4
    assert len(list(tmp_path.glob("*.png"))) == 4


def test_reading_again_adds_nothing_and_keeps_what_was_corrected(
    reader: Reader, mnist: Dataset, tmp_path: Path
) -> None:
    pictures = [("a", image) for image in mnist.test.images[:3]]
    write(tmp_path, reader, pictures)
    first = entries(tmp_path)
    first[1]["digit"] = 9
    text = "".join(json.dumps(each) + "\n" for each in first)
    (tmp_path / "labels.jsonl").write_text(text, encoding="utf-8")
    write(tmp_path, Reader(threshold=0.5), pictures)
    assert entries(tmp_path) == first
    write(tmp_path, reader, [("b", mnist.test.images[3])])
    assert entries(tmp_path)[:3] == first
    assert len(entries(tmp_path)) == 4


def test_rejected_frames_have_no_digit_until_one_is_entered(mnist: Dataset, tmp_path: Path) -> None:
    write(tmp_path, Reader(threshold=1.0), [("a", image) for image in mnist.test.images[:2]])
    assert [(each["digit"], each["accepted"]) for each in entries(tmp_path)] == [(None, False)] * 2
    with pytest.raises(DataError, match="lists no frame with a digit"):
        load_dataset(tmp_path)


def test_damaged_labels_are_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "labels.jsonl").write_text("mine", encoding="utf-8")
    with pytest.raises(DataError, match="line 1 is damaged"):
        CropFolder(tmp_path)
    assert (tmp_path / "labels.jsonl").read_text(encoding="utf-8") == "mine"


def test_folder_that_cannot_be_written_gives_an_error(
    reader: Reader, mnist: Dataset, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(PictureError, match="choose another path"):
        write(tmp_path / "file" / "crops", reader, [("a", mnist.test.images[0])])
