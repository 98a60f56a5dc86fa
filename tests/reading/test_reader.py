import base64
import io
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image
from sklearn.datasets import load_digits

import tendigits
from paper import PHOTOS, drawn, on_paper, photo_of, row
from tendigits import ModelError, PatternError, PictureError, Reader, Reading
from tendigits.classifiers import load_model_file, pretrained_models
from tendigits.data import Dataset
from tendigits.reading import reader as reader_module
from tendigits.reading.fitting import pattern_of_length


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader()


def test_mnist_test_images_are_read(mnist: Dataset, reader: Reader) -> None:
    # Every tenth, as a PNG.
    correct = 0
    for image, label in zip(mnist.test.images[::10], mnist.test.labels[::10], strict=True):
        file = io.BytesIO()
        Image.fromarray(image).save(file, "PNG")
        correct += reader.read(file.getvalue()).text == str(label)
    assert correct >= 988


@pytest.mark.parametrize(("probability", "text"), [(0.69, ""), (0.71, "33")])
def test_a_picture_shows_no_digits_where_none_is_sure(
    mnist: Dataset, monkeypatch: pytest.MonkeyPatch, probability: float, text: str
) -> None:
    three = np.zeros(15, np.float32)
    three[3] = probability
    monkeypatch.setattr(reader_module, "combine", lambda *_: three)
    picture = on_paper(row(mnist.test.images[:2]))
    assert Reader(threshold=0.5).read(picture).text.replace(" ", "") == text
    assert Reader(threshold=0).read(picture).text.replace(" ", "") == "33"
    assert Reader(threshold=0.5).read(picture, "[0-9]{2}").text == "33"


def test_pictures_of_28x28_pixels_are_read_wherever_the_digit_is_in_them(
    mnist: Dataset, reader: Reader
) -> None:
    # Half the height of MNIST's, in a corner, dark on light.
    correct = 0
    for image, label in zip(mnist.test.images[:50], mnist.test.labels[:50], strict=True):
        picture = np.full((28, 28), 255, np.uint8)
        small = Image.fromarray(image[4:24, 4:24]).resize((14, 14), Image.Resampling.BOX)
        picture[12:26, 2:16] -= np.asarray(small)
        reading = reader.read(picture)
        correct += reading.text == str(label)
        assert all(each.box.top >= 11 and each.box.right <= 17 for each in reading.digits)
    assert correct >= 47


@pytest.mark.parametrize("dark", [True, False])
def test_pictures_of_8x8_pixels_are_read(reader: Reader, dark: bool) -> None:
    digits = load_digits()  # 0 to 16, by 43 writers, filling the picture
    correct = 0
    for image, label in zip(digits.images[::10], digits.target[::10], strict=True):
        levels = np.round(image * 255 / 16).astype(np.uint8)
        correct += reader.read(255 - levels if dark else levels).text == str(label)
    assert correct >= 0.94 * 180


@pytest.mark.parametrize(("shadow", "noise"), [(0.0, 0.0), (0.5, 0.02)])
def test_rows_on_paper_are_read(
    mnist: Dataset, reader: Reader, shadow: float, noise: float
) -> None:
    correct = 0
    for start in range(0, 100, 5):
        picture = on_paper(row(mnist.test.images[start : start + 5]), shadow=shadow, noise=noise)
        expected = "".join(map(str, mnist.test.labels[start : start + 5]))
        correct += reader.read(picture).text == expected
    assert correct >= 18


@pytest.mark.parametrize("kind", PHOTOS)
def test_photos_of_digits_on_paper_are_read(mnist: Dataset, reader: Reader, kind: str) -> None:
    correct = 0
    for number in range(10):
        random = np.random.default_rng(number)
        chosen = random.integers(0, 10_000, 1 if number < 5 else 4)
        expected = "".join(map(str, mnist.test.labels[chosen]))
        correct += reader.read(photo_of(kind, mnist.test.images[chosen], random)).text == expected
    assert correct >= 8


def test_touching_digits_are_separated(mnist: Dataset, reader: Reader) -> None:
    correct = 0
    for start in range(0, 90, 3):
        picture = on_paper(row(mnist.test.images[start : start + 3], gap=-4))
        expected = "".join(map(str, mnist.test.labels[start : start + 3]))
        correct += reader.read(picture).text == expected
    assert correct >= 25


@pytest.mark.parametrize("scale", [1, 3, 20])
def test_digits_are_read_on_dark_and_light_paper(
    mnist: Dataset, reader: Reader, scale: int
) -> None:
    for image, label in zip(mnist.test.images[:8], mnist.test.labels[:8], strict=True):
        ink = drawn(image, scale)
        for picture in (ink, 1 - ink):
            assert reader.read(np.clip(picture, 0, 1)).text == str(label)


@pytest.mark.parametrize("level", [0, 128, 255])
def test_blank_picture_is_empty(reader: Reader, level: int) -> None:
    reading = reader.read(np.full((120, 90, 3), level, np.uint8))
    assert (reading.text, reading.status, reading.digits) == ("", "empty", ())


def test_filled_rectangle_is_left_out(reader: Reader) -> None:
    square = np.full((300, 200), 255, np.uint8)
    square[60:200, 40:160] = 0
    assert not reader.read(square).has_digits


def test_threshold_decides_about_rejection(mnist: Dataset) -> None:
    image = mnist.test.images[0]
    assert Reader(threshold=0.0).read(image).text == "7"
    assert Reader(threshold=1.0).read(image).text == "?"


def test_box_is_in_pixels_of_the_original_picture(mnist: Dataset, reader: Reader) -> None:
    ink = np.zeros((2400, 3200), np.float32)
    ink[1000:1560, 2000:2560] = drawn(mnist.test.images[0], 20)
    box = reader.read(1 - ink.clip(0, 1)).digits[0].box
    rows, columns = (np.flatnonzero((ink > 0.5).any(axis=axis)) for axis in (1, 0))
    assert abs(box.left - columns[0]) < 20
    assert abs(box.bottom - rows[-1]) < 20


def test_pattern_reads_one_number_and_its_digits(mnist: Dataset, reader: Reader) -> None:
    # 7 2 1, then 0 4 on the line below.
    upper, lower = row(mnist.test.images[:3]), row(mnist.test.images[3:5])
    page = np.zeros((len(upper) + len(lower), upper.shape[1]), np.float32)
    page[: len(upper)] = upper
    page[len(upper) :, : lower.shape[1]] = lower
    picture = on_paper(page)
    assert reader.read(picture).text == "721\n04"
    for pattern, text in (("[0-9]{3}", "721"), (pattern_of_length(2, 2), "04")):
        reading = reader.read(picture, pattern)
        assert (reading.text, reading.status) == (text, "read")
        assert "".join(str(digit.digit) for digit in reading.digits) == text
        assert 0 < reading.confidence <= 1
    unfitting = reader.read(picture, r"\d/\d")
    assert (unfitting.text, unfitting.status, unfitting.confidence) == ("", "no fit", 0)


def test_digit_of_a_pattern_has_its_own_probability(mnist: Dataset, reader: Reader) -> None:
    ambiguous = mnist.test.images[[1247, 1901, 2118, 2130, 2597, 3422, 4761]]
    read = [(image, digit) for image in ambiguous for digit in reader.read(image).digits]
    image, likely = next(each for each in read if each[1].second.confidence > 0.1)
    (digit,) = reader.read(image, str(likely.second.digit)).digits
    assert digit.digit == likely.second.digit
    assert digit.confidence == likely.second.confidence
    assert digit.second.digit == likely.digit


def test_invalid_pattern_is_rejected_before_the_picture_is_opened(reader: Reader) -> None:
    reads: list[Callable[[], object]] = [
        lambda: reader.read("missing.png", "(1"),
        lambda: list(reader.read_pages("missing.png", "(1")),
        lambda: list(reader.read_many(["missing.png"], "(1")),
    ]
    for read in reads:
        with pytest.raises(PatternError, match=r"has a \( without a \)"):
            read()


def test_second_choice_is_another_less_probable_digit(mnist: Dataset, reader: Reader) -> None:
    digits = [digit for image in mnist.test.images[:50] for digit in reader.read(image).digits]
    assert len(digits) >= 45
    for digit in digits:
        assert digit.second.digit != digit.digit
        assert digit.second.confidence <= digit.confidence <= 1


def test_pictures_after_a_broken_one_are_read(mnist: Dataset, reader: Reader) -> None:
    readings = list(reader.read_many([mnist.test.images[0], b"broken", mnist.test.images[1]]))
    assert isinstance(readings[1], PictureError)
    assert [each.text for each in readings if not isinstance(each, PictureError)] == ["7", "2"]


def test_read_uses_the_pretrained_model(mnist: Dataset, tmp_path: Path) -> None:
    Image.fromarray(mnist.test.images[0]).save(tmp_path / "seven.png")
    assert tendigits.read(tmp_path / "seven.png").text == "7"


def test_digit_has_the_most_probable_classes_and_its_frame(mnist: Dataset, reader: Reader) -> None:
    digits = reader.read(on_paper(row(mnist.test.images[:4]))).digits
    assert len(digits) == 4
    for digit, image in zip(digits, mnist.test.images, strict=False):
        assert digit.probabilities.shape == (10,)
        assert digit.probabilities.argmax() == digit.digit
        assert digit.probabilities.max() == pytest.approx(digit.confidence)
        assert np.sort(digit.probabilities)[-2] == pytest.approx(digit.second.confidence)
        assert np.corrcoef(digit.frame.ravel(), image.ravel())[0, 1] > 0.8


def test_confidence_is_that_of_all_numbers_together(mnist: Dataset, reader: Reader) -> None:
    page = np.concatenate([row(mnist.test.images[:3]), row(mnist.test.images[3:6])], axis=1)
    reading = reader.read(on_paper(np.pad(page, ((0, 0), (0, 300)))))
    probabilities = [number.confidence for number in reading.numbers]
    assert reading.confidence == pytest.approx(np.prod(probabilities))
    assert Reading(()).confidence == 0


def test_each_page_of_a_document_is_read(mnist: Dataset, reader: Reader) -> None:
    file = io.BytesIO()
    seven, two = (Image.fromarray(image) for image in mnist.test.images[:2])
    seven.save(file, "TIFF", save_all=True, append_images=[two])
    assert [page.text for page in reader.read_pages(file.getvalue())] == ["7", "2"]
    assert reader.read(file.getvalue()).text == "7"


def test_reader_takes_a_classifier_a_path_or_a_name(mnist: Dataset) -> None:
    image = mnist.test.images[0]
    for source in (load_model_file("tiny"), pretrained_models()["tiny"], "tiny"):
        reader = Reader(source)
        assert reader.classifier.name == "tiny"
        assert reader.threshold == reader.classifier.threshold
        assert reader.read(image).text == "7"


@settings(max_examples=60, deadline=None)
@given(
    arrays.arrays(
        st.sampled_from([np.uint8, np.uint16, np.bool_, np.float32, np.float64]),
        st.one_of(
            arrays.array_shapes(min_dims=2, max_dims=2, max_side=90),
            arrays.array_shapes(min_dims=2, max_dims=2, max_side=40).map(lambda two: (*two, 4)),
        ),
    )
)
def test_any_array_is_read_or_rejected(reader: Reader, array: np.ndarray) -> None:
    try:
        reading = reader.read(array)
    except PictureError:
        return
    assert sum(each.isdigit() or each == "?" for each in reading.text) == len(reading.digits)
    for digit in reading.digits:
        assert 0 <= digit.confidence <= 1
        assert 0 <= digit.box.left < digit.box.right <= array.shape[1]
        assert 0 <= digit.box.top < digit.box.bottom <= array.shape[0]
        assert digit.frame.shape == (28, 28)


def test_memory_does_not_grow_with_the_number_of_pictures(mnist: Dataset, tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    Image.fromarray(on_paper(row(mnist.test.images[:5], scale=8), shadow=0.3)).save(path)
    script = (
        "import resource, sys, tendigits\n"
        "reader = tendigits.Reader()\n"
        "def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "for _ in reader.read_many([sys.argv[1]] * 10): pass\n"
        "before = peak()\n"
        "for _ in reader.read_many([sys.argv[1]] * 60): pass\n"
        "print((peak() - before) / 1024)"
    )
    words = [sys.executable, "-c", script, str(path)]
    result = subprocess.run(words, check=True, timeout=120, capture_output=True, text=True)
    assert float(result.stdout) < 20  # MiB


def test_read_takes_the_options_of_the_command_line(mnist: Dataset) -> None:
    image = 255 - mnist.test.images[0]
    assert tendigits.read(image, model="tiny", pattern="[0-9]").text == "7"
    assert tendigits.read(image, threshold=1.0).text == "?"
    with pytest.raises(PictureError, match="from 0 to 1"):
        tendigits.read(image, threshold=2)
    with pytest.raises(ModelError, match="pretrained models are mlp, reader, tiny"):
        tendigits.read(image, model="nope")


def test_model_file_that_has_changed_is_loaded_again(mnist: Dataset, tmp_path: Path) -> None:
    model, image = tmp_path / "model.onnx", 255 - mnist.test.images[0]
    confidences = []
    for name in ("mlp", "tiny"):
        model.write_bytes(pretrained_models()[name].read_bytes())
        confidences.append(tendigits.read(image, model=model).confidence)
    assert confidences[0] != confidences[1]


def test_model_of_other_classes_is_rejected() -> None:
    letters = replace(load_model_file("tiny"), class_names=tuple("abcdefghij"))
    with pytest.raises(ModelError, match=r"tiny has the classes a, b, c.*the ten digits"):
        Reader(letters)


def test_run_folder_is_rejected_with_the_command_that_exports_it(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=f"tendigits export {tmp_path} -o"):
        Reader(tmp_path)


def test_reading_is_short_as_text_and_complete_as_a_dictionary(
    mnist: Dataset, reader: Reader
) -> None:
    reading = reader(255 - mnist.test.images[0])
    assert repr(reading).startswith("Reading('7', confidence=")
    assert len(repr(reading)) < 100
    assert len(repr(reading.digits[0])) < 100
    values = json.loads(json.dumps(reading.to_dict()))
    assert (values["text"], values["status"], values["digits"][0]["digit"]) == ("7", "read", 7)


def test_notebook_shows_the_picture_with_what_was_read(mnist: Dataset, reader: Reader) -> None:
    shown = reader(255 - mnist.test.images[0])._repr_html_()
    assert "7" in shown.partition("<img")[0]
    picture = base64.b64decode(shown.partition("base64,")[2].partition('"')[0])
    with Image.open(io.BytesIO(picture)) as drawing:
        assert drawing.width > 640


def test_readings_in_bulk_do_not_keep_their_pictures(mnist: Dataset, reader: Reader) -> None:
    (reading,) = reader.read_many([255 - mnist.test.images[0]])
    assert isinstance(reading, Reading)
    assert reading.picture is None
    assert "<img" not in reading._repr_html_()
