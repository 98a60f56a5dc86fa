import json
from pathlib import Path

import numpy as np
import pytest
from error_sentences import raises_data_error
from PIL import Image

from paper import on_paper, row
from tendigits.data import Dataset, LabelledImages, load_dataset


def write_classes(folder: Path, part: LabelledImages, *, names: str = "0123456789") -> None:
    """Write 28x28 pictures, dark on light, into one folder per class."""
    for number, (image, label) in enumerate(zip(part.images, part.labels, strict=True)):
        path = folder / names[label] / f"{number:03}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(255 - image).save(path)


def first(mnist: Dataset, count: int) -> LabelledImages:
    return LabelledImages(mnist.test.images[:count], mnist.test.labels[:count])


def contents(part: LabelledImages) -> set[tuple[bytes, int]]:
    return {(image.tobytes(), label) for image, label in zip(part.images, part.labels, strict=True)}


def write_crops(folder: Path, part: LabelledImages, lines: list[dict[str, object]]) -> None:
    for image, line in zip(part.images, lines, strict=True):
        Image.fromarray(image).save(folder / str(line["file"]))
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (folder / "labels.jsonl").write_text(text, encoding="utf-8")


def test_pictures_of_28x28_are_frames_light_on_dark(mnist: Dataset, tmp_path: Path) -> None:
    write_classes(tmp_path, first(mnist, 40))
    dataset = load_dataset(tmp_path)
    assert contents(dataset.all_images) == contents(first(mnist, 40))
    assert dataset.class_names == tuple("0123456789")
    assert (dataset.source, dataset.has_own_test) == (str(tmp_path), False)


@pytest.mark.parametrize("names", [("train", "test"), ("training", "testing")])
def test_folders_for_training_and_test_are_the_two_parts(
    mnist: Dataset, tmp_path: Path, names: tuple[str, str]
) -> None:
    write_classes(tmp_path / names[0], first(mnist, 30))
    write_classes(tmp_path / names[1], first(mnist, 10))
    dataset = load_dataset(tmp_path)
    assert (len(dataset.train), len(dataset.test), dataset.has_own_test) == (30, 10, True)
    assert contents(dataset.test) == contents(first(mnist, 10))
    assert dataset.all_notes == ()


def test_digits_of_large_pictures_are_framed_as_reading_frames_them(
    mnist: Dataset, tmp_path: Path
) -> None:
    from tendigits import load_classifier

    for number, image in enumerate(mnist.test.images[:20]):
        path = tmp_path / str(mnist.test.labels[number]) / f"{number}.jpg"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(on_paper(row(image[None]))).save(path)
    images = load_dataset(tmp_path).all_images
    assert len(images) == 20
    predictions = load_classifier("tiny").predict(images.images, images.labels)
    assert predictions.correct.all()


def test_ten_classes_can_have_any_names(mnist: Dataset, tmp_path: Path) -> None:
    write_classes(tmp_path, first(mnist, 100), names="jihgfedcba")
    dataset = load_dataset(tmp_path)
    assert dataset.class_names == tuple("abcdefghij")
    expected = {(image, 9 - label) for image, label in contents(first(mnist, 100))}
    assert contents(dataset.all_images) == expected


def test_pictures_that_cannot_be_read_or_are_blank_are_named(
    mnist: Dataset, tmp_path: Path
) -> None:
    write_classes(tmp_path, first(mnist, 10))
    (tmp_path / "3").mkdir(exist_ok=True)
    (tmp_path / "3" / "broken.png").write_bytes(b"broken")
    Image.new("L", (80, 60), 255).save(tmp_path / "3" / "blank.png")
    Image.new("L", (28, 28), 255).save(tmp_path / "3" / "small.png")
    (tmp_path / "3" / "notes.txt").write_text("no picture")
    dataset = load_dataset(tmp_path)
    assert contents(dataset.all_images) == contents(first(mnist, 10))
    broken, blank, _ = dataset.all_notes
    folder = tmp_path / "3"
    assert broken == f"Pictures that cannot be read were left out: {folder / 'broken.png'}."
    assert blank == (
        f"Pictures that show nothing were left out: {folder / 'blank.png'}, {folder / 'small.png'}."
    )


def test_other_classes_and_empty_folders_are_rejected(mnist: Dataset, tmp_path: Path) -> None:
    write_classes(tmp_path / "three", first(mnist, 20), names="abcabcabca")
    with raises_data_error(tmp_path / "three", "the folders a, b, c", "called 0 to 9"):
        load_dataset(tmp_path / "three")
    (tmp_path / "empty" / "0").mkdir(parents=True)
    with raises_data_error(tmp_path / "empty", "contains no picture of a digit"):
        load_dataset(tmp_path / "empty")
    write_classes(tmp_path / "parts" / "train", first(mnist, 20))
    write_classes(tmp_path / "parts" / "test", first(mnist, 20), names="012345678x")
    with raises_data_error("x is not one of the classes 0, 1, 2"):
        load_dataset(tmp_path / "parts")


def test_crops_have_the_labels_that_were_corrected(mnist: Dataset, tmp_path: Path) -> None:
    lines: list[dict[str, object]] = [
        {"file": f"{number}.png", "digit": int(label), "accepted": True, "confidence": 0.9}
        for number, label in enumerate(mnist.test.labels[:30])
    ]
    lines[3]["digit"] = 6  # it was read as 0
    lines[4]["digit"] = "non-digit"
    lines[5] |= {"digit": None, "accepted": False}
    lines[6] = {"file": "6.png", "digit": 4}  # added by hand
    write_crops(tmp_path, first(mnist, 30), lines)
    (tmp_path / "29.png").unlink()
    dataset = load_dataset(tmp_path)
    labels = mnist.test.labels[:29].copy()
    labels[3] = 6
    kept = [at for at in range(29) if at not in (4, 5)]
    expected = LabelledImages(mnist.test.images[kept], labels[kept])
    assert contents(dataset.all_images) == contents(expected)
    assert np.array_equal(dataset.non_digits, mnist.test.images[4:5])
    missing, unknown, split = dataset.all_notes
    assert missing.endswith(f"listed but do not exist were left out: {tmp_path / '29.png'}.")
    assert unknown.startswith("Frames whose digit is null in labels.jsonl were left out: 1;")
    assert "has no test part" in split


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("{", "line 1 is damaged"),
        ('{"file": "0.png", "digit": 10}', "less than 10"),
        ('{"file": "0.png", "digit": "seven"}', "digit"),
        ('{"file": "0.png", "label": 7}', "digit"),
        ('{"digit": 7}', "file"),
        ('{"file": "0.png", "digit": null}', "lists no frame with a digit"),
        ('{"file": "wide.png", "digit": 1}', "is not 28x28 pixels"),
        ('{"file": "labels.jsonl", "digit": 1}', "is not a picture"),
    ],
)
def test_damaged_labels_are_rejected_with_their_line(
    tmp_path: Path, line: str, problem: str
) -> None:
    Image.new("L", (30, 28)).save(tmp_path / "wide.png")
    (tmp_path / "labels.jsonl").write_text(line + "\n", encoding="utf-8")
    with raises_data_error(tmp_path, problem):
        load_dataset(tmp_path)
