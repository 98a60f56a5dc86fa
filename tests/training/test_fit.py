import hashlib
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

import tendigits
from tendigits.data import Dataset
from tendigits.networks import build_network
from tendigits.recipes import MLPSettings, load_recipe
from tendigits.training import Run, Silent, create_run, describe_environment, read_history
from tendigits.training import loop as training_loop
from tendigits.training.batches import epoch_order
from tendigits.training.loop import train_classifier

EPOCHS = 2
BLANK = hashlib.sha256(bytes(28 * 28)).digest()  # what the summary table sends through


@dataclass
class Witness:
    """Notes every batch that the network is given: whether it learns, and each image's hash."""

    seen: list[tuple[bool, list[bytes]]] = field(default_factory=list)
    run: Run | None = None

    def build_network(self, settings: MLPSettings, seed: int, outputs: int) -> nn.Module:
        network = build_network(settings, seed, outputs)
        network.register_forward_pre_hook(self.note)
        return network

    def note(self, network: nn.Module, given: tuple[Tensor, ...]) -> None:
        images = (given[0] * 255).round().to(torch.uint8).numpy()
        learns = network.training and torch.is_grad_enabled()
        self.seen.append((learns, hashes(images)))

    @property
    def batches(self) -> list[list[bytes]]:
        """The batches that were learnt from."""
        return [batch for learns, batch in self.seen if learns]

    @property
    def epochs(self) -> list[list[bytes]]:
        """The images that were learnt from, epoch by epoch."""
        images = [image for batch in self.batches for image in batch]
        length = len(images) // EPOCHS
        return [images[start : start + length] for start in range(0, len(images), length)]

    @property
    def measured(self) -> list[bytes]:
        """The images that were looked at without learning, in order."""
        seen = [image for learns, batch in self.seen if not learns for image in batch]
        return [image for image in seen if image != BLANK]


@pytest.fixture(scope="module")
def witness(mnist: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Witness:
    """A witness of the shipped recipe's training and test on all of MNIST."""
    witness = Witness()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training_loop, "build_network", witness.build_network)
        folder = tmp_path_factory.mktemp("runs") / "watched"
        settings = {"epochs": EPOCHS}
        witness.run = tendigits.train(
            "mlp", settings, data=mnist, out=folder, threads=1, quiet=True
        )
    return witness


@dataclass(frozen=True)
class Parts:
    """The hashes of MNIST's images as the run's `split.json` divides them."""

    learnt_from: list[bytes]
    held_out: list[bytes]
    test: list[bytes]


@pytest.fixture(scope="module")
def parts(mnist: Dataset, witness: Witness) -> Parts:
    assert witness.run is not None
    split = tendigits.load_run(witness.run.folder).split
    return Parts(
        learnt_from=hashes(mnist.train.images[split.train]),
        held_out=hashes(mnist.train.images[split.validation]),
        test=hashes(mnist.test.images),
    )


def test_no_two_images_of_mnist_are_the_same(parts: Parts) -> None:
    # So that a hash tells each image from all others, whichever part it is in.
    every = [*parts.learnt_from, *parts.held_out, *parts.test]
    assert len(every) == len(set(every)) == 70_000


def test_exactly_the_splits_54_000_images_are_learnt_from_once_an_epoch(
    witness: Witness, parts: Parts
) -> None:
    assert len(parts.learnt_from) == 54_000
    for epoch in witness.epochs:
        assert Counter(epoch) == Counter(parts.learnt_from)


def test_no_validation_and_no_test_image_is_ever_learnt_from(
    witness: Witness, parts: Parts
) -> None:
    learnt_from = {image for batch in witness.batches for image in batch}
    assert learnt_from.isdisjoint(parts.held_out)
    assert learnt_from.isdisjoint(parts.test)


def test_each_epoch_has_540_batches_of_100(witness: Witness) -> None:
    assert [len(batch) for batch in witness.batches] == [100] * 540 * EPOCHS


def test_each_epoch_goes_in_another_order(witness: Witness, parts: Parts) -> None:
    orders = [tuple(epoch) for epoch in [parts.learnt_from, *witness.epochs]]
    assert len(set(orders)) == 1 + EPOCHS


def test_images_of_all_classes_are_mixed_in_every_batch(mnist: Dataset, witness: Witness) -> None:
    label_of = dict(zip(hashes(mnist.train.images), mnist.train.labels.tolist(), strict=True))
    assert all(len({label_of[image] for image in batch}) >= 6 for batch in witness.batches)


def test_the_test_images_are_looked_at_once_and_after_all_else(
    witness: Witness, parts: Parts
) -> None:
    validations, test = witness.measured[:-10_000], witness.measured[-10_000:]
    # Validated after every epoch, and once more for the temperature.
    assert Counter(validations) == Counter(parts.held_out * (EPOCHS + 1))
    assert test == parts.test
    last_learnt = max(index for index, (learns, _) in enumerate(witness.seen) if learns)
    first_tested = min(
        index for index, (_, batch) in enumerate(witness.seen) if batch[0] == parts.test[0]
    )
    assert last_learnt < first_tested


def test_the_loop_does_what_a_plain_loop_of_pytorchs_own_parts_does(
    small_mnist: Dataset, tmp_path: Path
) -> None:
    run = new_run(small_mnist, tmp_path, epochs=2, batch_size=70)  # the last batch is a part
    network = train_classifier(run, small_mnist.train, Silent())
    losses, accuracies, plain = plain_loop(run, small_mnist)

    history = read_history(run.history)
    assert [result.loss for result in history] == pytest.approx(losses, rel=1e-4)
    assert [result.accuracy for result in history] == pytest.approx(accuracies, abs=1e-3)
    held_out = run.split.validation
    inputs = torch.from_numpy(small_mnist.train.images[held_out][:, None] / 255)
    with torch.no_grad():
        logits, expected = network.double()(inputs), plain(inputs)
    assert (logits - expected).abs().max() < 0.01 * expected.abs().max()
    targets = torch.from_numpy(small_mnist.train.labels[held_out])
    loss = functional.cross_entropy(logits, targets).item()
    right = (logits.argmax(1) == targets).double().mean().item()
    assert (history[-1].val_loss, history[-1].val_accuracy) == pytest.approx((loss, right))


def test_threads_random_state_and_rounding_are_set_back(
    small_mnist: Dataset, tmp_path: Path
) -> None:
    run = new_run(small_mnist, tmp_path, epochs=1, threads=torch.get_num_threads() + 1)
    threads, state = torch.get_num_threads(), torch.get_rng_state()
    train_classifier(run, small_mnist.train, Silent())
    assert torch.get_num_threads() == threads
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.tensor(1e-40).mul(0.5).item() > 0  # denormal numbers are numbers again


def test_the_network_comes_back_ready_to_predict(small_mnist: Dataset, tmp_path: Path) -> None:
    run = new_run(small_mnist, tmp_path, epochs=1)
    network = train_classifier(run, small_mnist.train, Silent())
    assert not network.training


def new_run(
    dataset: Dataset, folder: Path, *, epochs: int, batch_size: int = 100, threads: int = 1
) -> Run:
    recipe = load_recipe("mlp", {"epochs": epochs, "batch_size": batch_size})
    return create_run(recipe, dataset, describe_environment(threads), folder / "run")


def plain_loop(run: Run, dataset: Dataset) -> tuple[list[float], list[float], nn.Module]:
    """Train in float64 with `nn.Linear` and the unfused Adam; return losses, accuracies, net."""
    network = nn.Sequential(
        nn.Flatten(), nn.Linear(784, 350), nn.ReLU(), nn.Linear(350, 350), nn.ReLU(),
        nn.Linear(350, 10),
    )  # fmt: skip
    network.load_state_dict(build_network(run.recipe.network, run.recipe.seed).state_dict())
    network.double()
    optimizer = torch.optim.Adam(network.parameters(), lr=0.001, betas=(0.9, 0.999), eps=1e-7)
    losses, accuracies = [], []
    for epoch in range(1, run.recipe.epochs + 1):
        total, right = 0.0, 0
        order = epoch_order(run.split.train, run.recipe.seed, epoch).numpy()
        for start in range(0, len(order), run.recipe.batch_size):
            chosen = order[start : start + run.recipe.batch_size]
            targets = torch.from_numpy(dataset.train.labels[chosen])
            logits = network(torch.from_numpy(dataset.train.images[chosen][:, None] / 255))
            loss = functional.cross_entropy(logits, targets)
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            optimizer.step()
            total += loss.item() * len(targets)
            right += int((logits.argmax(1) == targets).sum())
        losses.append(total / len(order))
        accuracies.append(right / len(order))
    return losses, accuracies, network


def hashes(images: NDArray[np.uint8]) -> list[bytes]:
    return [hashlib.sha256(image.tobytes()).digest() for image in images]
