from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from error_sentences import raises_data_error
from PIL import Image
from torch.utils.data import TensorDataset

from paper import on_paper, row
from tendigits.data import Dataset, LabelledImages, load_dataset


@pytest.fixture(scope="module")
def part(mnist: Dataset) -> LabelledImages:
    return LabelledImages(mnist.train.images[:50], mnist.train.labels[:50])


@pytest.fixture(scope="module")
def other(mnist: Dataset) -> LabelledImages:
    return LabelledImages(mnist.test.images[:20], mnist.test.labels[:20])


class HuggingFace:
    """Behaves as `datasets.Dataset` does: items are dictionaries with a PIL image and a label."""

    def __init__(self, part: LabelledImages) -> None:
        self._part = part

    def __len__(self) -> int:
        return len(self._part)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for image, label in zip(self._part.images, self._part.labels, strict=True):
            yield {"image": Image.fromarray(image), "label": int(label)}


def in_torch(part: LabelledImages) -> TensorDataset:
    """Return images as torchvision gives them: (1, 28, 28) float32 from 0 to 1."""
    images = torch.from_numpy(part.images[:, None].astype(np.float32) / 255)
    return TensorDataset(images, torch.from_numpy(part.labels))


@pytest.mark.parametrize(
    "form",
    ["four arrays", "keras", "torch", "hugging face", "lists", "tensors", "labelled images"],
)
def test_training_and_test_part_are_those_that_were_given(
    part: LabelledImages, other: LabelledImages, form: str
) -> None:
    (x, y), (xt, yt) = (part.images, part.labels), (other.images, other.labels)
    source = {
        "four arrays": (x, y, xt, yt),
        "keras": ((x, y), (xt, yt)),
        "torch": (in_torch(part), in_torch(other)),
        "hugging face": {"train": HuggingFace(part), "test": HuggingFace(other)},
        "lists": (x.tolist(), y.tolist(), xt.tolist(), yt.tolist()),
        "tensors": tuple(map(torch.from_numpy, (x, y, xt, yt))),
        "labelled images": (part, other),
    }[form]
    dataset = load_dataset(source)
    assert (dataset.name, dataset.source, dataset.has_own_test) == ("arrays", None, True)
    for found, given in ((dataset.train, part), (dataset.test, other)):
        assert np.array_equal(found.images, given.images)
        assert np.array_equal(found.labels, given.labels)


@pytest.mark.parametrize("form", ["arrays", "torch", "hugging face", "only train"])
def test_without_a_test_part_the_same_images_are_held_out_in_every_form(
    part: LabelledImages, form: str
) -> None:
    source = {
        "arrays": (part.images, part.labels),
        "torch": in_torch(part),
        "hugging face": HuggingFace(part),
        "only train": {"train": HuggingFace(part)},
    }[form]
    dataset = load_dataset(source)
    assert not dataset.has_own_test
    assert len(dataset.train) + len(dataset.test) == 50
    assert dataset.checksums == load_dataset((part.images, part.labels)).checksums
    assert "arrays has no test part" in dataset.all_notes[-1]


def test_pictures_of_other_sizes_are_framed(mnist: Dataset, part: LabelledImages) -> None:
    large = [
        {"image": Image.fromarray(on_paper(row(mnist.test.images[at : at + 1]))), "label": at}
        for at in range(3)
    ]

    class Large(HuggingFace):
        def __len__(self) -> int:
            return len(large)

        def __iter__(self) -> Iterator[dict[str, Any]]:
            yield from large

    frames = load_dataset({"train": Large(part), "test": HuggingFace(part)}).train.images
    difference = np.abs(frames.astype(int) - mnist.test.images[:3]).mean()
    assert difference < 12  # of 255; they were enlarged and put on paper


def test_pictures_that_show_nothing_are_left_out(part: LabelledImages) -> None:
    class OneBlank(HuggingFace):
        def __len__(self) -> int:
            return 51

        def __iter__(self) -> Iterator[dict[str, Any]]:
            yield {"image": Image.new("L", (60, 40), 255), "label": 3}
            yield from super().__iter__()

    dataset = load_dataset({"train": OneBlank(part), "test": HuggingFace(part)})
    assert np.array_equal(dataset.train.images, part.images)
    assert dataset.all_notes == (
        "arrays (training part): pictures that show nothing were left out: 1.",
    )


def test_loaded_data_set_is_returned_as_it_is(small_mnist: Dataset) -> None:
    assert load_dataset(small_mnist) is small_mnist


def test_other_values_are_rejected(part: LabelledImages) -> None:
    x, y = part.images, part.labels
    for source, problem in (
        ((x,), "1 parts"),
        ((x, y, x), "3 parts"),
        ((x, y[:3]), "50 images and 3 labels"),
        (5, "type int is not a data set"),
        ({"validation": (x, y)}, "call one of them train"),
        ({"train": [x, y, y]}, "3 parts"),
        ({"train": [{"image": x[0]}]}, "1 parts"),
        (TensorDataset(torch.zeros(0, 28, 28)), "no images"),
        (TensorDataset(torch.zeros(2, 28, 28)), "(image, label)"),
        (torch.zeros(2, 28, 28), "(image, label)"),
        (TensorDataset(torch.zeros(2, 28, 28) - 0.4, torch.zeros(2)), "before they are normalised"),
    ):
        with raises_data_error(problem):
            load_dataset(source)
