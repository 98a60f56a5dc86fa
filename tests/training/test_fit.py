import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib import import_module

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

import tendigits
from tendigits.data import Dataset, LabelledImages, Split, stratified_split
from tendigits.errors import RunError
from tendigits.evaluation import measure
from tendigits.networks import build_classifier, build_network, classifier_of_network, count_outputs
from tendigits.recipes import Recipe, load_recipe
from tendigits.training import (
    EpochResult,
    Run,
    TrainingState,
    build_training_data,
    computing_threads,
    fit,
)
from tendigits.training.fit import train_step
from tendigits.training.training_data import epoch_order

EPOCHS = 2
# Every feature of the loop, with a network that trains in a second.
EVERYTHING: dict[str, object] = {
    "epochs": 3,
    "ema_decay": 0.9,
    "network.stem_channels": 4,
    "network.stages": [[6], [8]],
    "augmentation.elastic_pixels": 1.0,
    "augmentation.stroke": 0.3,
    "augmentation.unaugmented_epochs": 1,
}
BLANK = hashlib.sha256(bytes(28 * 28)).digest()  # the input for the summary table


@dataclass
class Recorder:
    """Records the batches of a network: whether it is trained on them, and the images' hashes."""

    seen: list[tuple[bool, list[bytes]]] = field(default_factory=list)
    run: Run | None = None

    def build_classifier(self, recipe: Recipe) -> nn.Module:
        network = build_classifier(recipe)
        network.register_forward_pre_hook(self.record)
        return network

    def record(self, network: nn.Module, given: tuple[Tensor, ...]) -> None:
        images = (given[0] * 255).round().to(torch.uint8).numpy()
        trained_on = network.training and torch.is_grad_enabled()
        self.seen.append((trained_on, hashes(images)))

    @property
    def batches(self) -> list[list[bytes]]:
        """The batches that were trained on."""
        return [batch for trained_on, batch in self.seen if trained_on]

    @property
    def epochs(self) -> list[list[bytes]]:
        """The images that were trained on, epoch by epoch."""
        images = [image for batch in self.batches for image in batch]
        length = len(images) // EPOCHS
        return [images[start : start + length] for start in range(0, len(images), length)]

    @property
    def predicted(self) -> list[bytes]:
        """The images that were predicted without training, in order."""
        seen = [image for trained_on, batch in self.seen if not trained_on for image in batch]
        return [image for image in seen if image != BLANK]


@pytest.fixture(autouse=True, scope="module")
def _one_thread() -> Iterator[None]:
    with computing_threads(1):  # so that other programs do not slow the tests down
        yield


@pytest.fixture(scope="module")
def recorder(mnist: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Recorder:
    """A record of the recipe `mlp`, trained and tested on all of MNIST."""
    recorder = Recorder()
    with pytest.MonkeyPatch.context() as patch:
        module = import_module("tendigits.training.train_run")
        patch.setattr(module, "build_classifier", recorder.build_classifier)
        folder = tmp_path_factory.mktemp("runs") / "run"
        settings = {"epochs": EPOCHS}
        recorder.run = tendigits.train(
            "mlp", settings, data=mnist, out=folder, threads=1, quiet=True
        )
    return recorder


@dataclass(frozen=True)
class Parts:
    """The hashes of MNIST's images, by the run's `split.json`."""

    trained_on: list[bytes]
    held_out: list[bytes]
    test: list[bytes]


@pytest.fixture(scope="module")
def parts(mnist: Dataset, recorder: Recorder) -> Parts:
    assert recorder.run is not None
    split = tendigits.load_run(recorder.run.folder).split
    return Parts(
        trained_on=hashes(mnist.train.images[split.train]),
        held_out=hashes(mnist.train.images[split.validation]),
        test=hashes(mnist.test.images),
    )


def test_all_images_of_mnist_are_different(parts: Parts) -> None:
    # So that a hash identifies an image, whichever part it is in.
    every = [*parts.trained_on, *parts.held_out, *parts.test]
    assert len(every) == len(set(every)) == 70_000


def test_each_epoch_trains_once_on_each_of_the_54_000_training_images(
    recorder: Recorder, parts: Parts
) -> None:
    assert len(parts.trained_on) == 54_000
    for epoch in recorder.epochs:
        assert Counter(epoch) == Counter(parts.trained_on)


def test_no_validation_or_test_image_is_trained_on(recorder: Recorder, parts: Parts) -> None:
    trained_on = {image for batch in recorder.batches for image in batch}
    assert trained_on.isdisjoint(parts.held_out)
    assert trained_on.isdisjoint(parts.test)


def test_each_epoch_has_540_batches_of_100(recorder: Recorder) -> None:
    assert [len(batch) for batch in recorder.batches] == [100] * 540 * EPOCHS


def test_each_epoch_has_another_order(recorder: Recorder, parts: Parts) -> None:
    orders = [tuple(epoch) for epoch in [parts.trained_on, *recorder.epochs]]
    assert len(set(orders)) == 1 + EPOCHS


def test_batches_contain_a_mix_of_classes(mnist: Dataset, recorder: Recorder) -> None:
    label_of = dict(zip(hashes(mnist.train.images), mnist.train.labels.tolist(), strict=True))
    assert all(len({label_of[image] for image in batch}) >= 6 for batch in recorder.batches)


def test_test_images_are_predicted_once_and_last(recorder: Recorder, parts: Parts) -> None:
    validations, test = recorder.predicted[:-10_000], recorder.predicted[-10_000:]
    # Validated after every epoch, and once more for the temperature.
    assert Counter(validations) == Counter(parts.held_out * (EPOCHS + 1))
    assert test == parts.test
    last_trained = max(index for index, (trained_on, _) in enumerate(recorder.seen) if trained_on)
    first_tested = min(
        index for index, (_, batch) in enumerate(recorder.seen) if batch[0] == parts.test[0]
    )
    assert last_trained < first_tested


def test_training_agrees_with_a_plain_loop_in_float64(small_mnist: Dataset) -> None:
    recipe = load_recipe("mlp", {"epochs": 2, "batch_size": 70})  # the last batch is smaller
    train, split = small_mnist.train, stratified_split(small_mnist.train.labels, 0.1, 0)
    validation = train.subset(split.validation)
    state = initial_state(recipe)
    network = fit(state, build_training_data(recipe, train, split), recipe, validation=validation)
    losses, accuracies, plain = plain_loop(recipe, train, split)

    assert [result.loss for result in state.history] == pytest.approx(losses, rel=1e-4)
    assert [result.accuracy for result in state.history] == pytest.approx(accuracies, abs=1e-3)
    inputs = torch.from_numpy(validation.images[:, None] / 255)
    with torch.no_grad():
        logits, expected = network.double()(inputs), plain(inputs)
    assert (logits - expected).abs().max() < 0.01 * expected.abs().max()
    targets = torch.from_numpy(validation.labels)
    loss = functional.cross_entropy(logits, targets).item()
    accuracy = (logits.argmax(1) == targets).double().mean().item()
    last = state.history[-1]
    assert (last.val_loss, last.val_accuracy) == pytest.approx((loss, accuracy))


@pytest.mark.parametrize("settings", [EVERYTHING, {**EVERYTHING, "optimizer.kind": "muon"}])
def test_training_from_the_state_after_an_epoch_gives_the_same_weights(
    small_mnist: Dataset, settings: dict[str, object]
) -> None:
    recipe = load_recipe("fast", settings)
    split = stratified_split(small_mnist.train.labels, 0.1, 0)
    data = build_training_data(recipe, small_mnist.train, split)
    expected = fit(initial_state(recipe), data, recipe)

    def stop(result: EpochResult) -> None:
        if result.epoch == 2:
            raise Stopped

    state = initial_state(recipe)
    with pytest.raises(Stopped):
        fit(state, data, recipe, on_epoch=stop)
    assert len(state.history) == 2
    assert weights(fit(state, data, recipe)) == weights(expected)
    assert [result.epoch for result in state.history] == [1, 2, 3]


def test_validation_does_not_change_the_trained_weights(small_mnist: Dataset) -> None:
    recipe = load_recipe("fast", EVERYTHING)
    split = stratified_split(small_mnist.train.labels, 0.1, 0)
    data = build_training_data(recipe, small_mnist.train, split)
    validation = small_mnist.train.subset(split.validation)
    first, second = (
        fit(initial_state(recipe), data, recipe, validation=each) for each in (None, validation)
    )
    assert weights(first) == weights(second)


def test_average_of_the_weights_does_not_keep_the_first_ones(small_mnist: Dataset) -> None:
    recipe = load_recipe("mlp", {"ema_decay": 0.999, "epochs": 3})
    split = stratified_split(small_mnist.train.labels, 0.1, 0)
    held_out = small_mnist.train.subset(split.validation)
    state = initial_state(recipe)
    average = fit(state, build_training_data(recipe, small_mnist.train, split), recipe)
    for network in (average, state.network.eval()):
        predictions = classifier_of_network(network).predict(held_out.images, held_out.labels)
        assert measure(predictions).accuracy > 0.9


def test_callables_are_called_after_each_step_and_each_epoch(small_mnist: Dataset) -> None:
    recipe = load_recipe("mlp", {"epochs": 2, "batch_size": 700, "network.widths": [5]})
    split = stratified_split(small_mnist.train.labels, 0.1, 0)
    steps: list[tuple[int, int, int]] = []
    epochs: list[EpochResult] = []
    state = initial_state(recipe)
    fit(
        state,
        build_training_data(recipe, small_mnist.train, split),
        recipe,
        on_step=lambda *step: steps.append(step),
        on_epoch=epochs.append,
    )
    assert steps == [(1, 1, 3), (1, 2, 3), (1, 3, 3), (2, 1, 3), (2, 2, 3), (2, 3, 3)]
    assert epochs == state.history
    assert [(result.val_loss, result.val_accuracy) for result in epochs] == [(None, None)] * 2


def test_training_stops_where_a_callable_raises(small_mnist: Dataset) -> None:
    recipe = load_recipe("mlp", {"epochs": 2, "network.widths": [5]})
    split = stratified_split(small_mnist.train.labels, 0.1, 0)
    calls: list[int] = []

    def stop(_epoch: int, step: int, _steps: int) -> None:
        calls.append(step)
        if step == 4:
            raise Stopped

    state = initial_state(recipe)
    with pytest.raises(Stopped):
        fit(state, build_training_data(recipe, small_mnist.train, split), recipe, on_step=stop)
    assert calls == [1, 2, 3, 4]
    assert state.history == []


def test_training_with_an_infinite_or_nan_loss_is_rejected(small_mnist: Dataset) -> None:
    recipe = load_recipe("mlp", {"optimizer.learning_rate": 1e30, "network.widths": [5]})
    split = stratified_split(small_mnist.train.labels, 0.1, 0)
    state = initial_state(recipe)
    with pytest.raises(RunError, match="The loss is NaN or infinite after epoch 1"):
        fit(state, build_training_data(recipe, small_mnist.train, split), recipe)


def test_training_ends_early_once_the_validation_loss_stalls(small_mnist: Dataset) -> None:
    # The learning rate is far too large, so that the loss stalls soon.
    settings = {"epochs": 30, "patience": 2, "optimizer.learning_rate": 1.0}
    recipe = load_recipe("mlp", settings)
    split = stratified_split(small_mnist.train.labels, 0.1, 0)
    state = initial_state(recipe)
    data = build_training_data(recipe, small_mnist.train, split)
    fit(state, data, recipe, validation=small_mnist.train.subset(split.validation))
    losses = [result.val_loss or 0.0 for result in state.history]
    lowest = losses.index(min(losses))
    assert len(losses) < 30
    assert len(losses) == lowest + 1 + 2  # two epochs of patience after the lowest loss


def test_divergence_is_reported_before_the_validation(small_mnist: Dataset) -> None:
    recipe = load_recipe("mlp", {"epochs": 3, "optimizer.learning_rate": 1e30})
    split = stratified_split(small_mnist.train.labels, 0.1, 0)
    data = build_training_data(recipe, small_mnist.train, split)
    validation = small_mnist.train.subset(split.validation)
    with pytest.raises(RunError, match="NaN or infinite after epoch"):
        fit(initial_state(recipe), data, recipe, validation=validation)


def test_single_image_that_is_left_is_trained_on_with_batch_normalisation(
    small_mnist: Dataset,
) -> None:
    network = {"stem_kernel": 28, "stem_stride": 2, "stages": []}  # maps of one pixel
    settings = {f"network.{name}": value for name, value in network.items()}
    recipe = load_recipe("fast", {**settings, "epochs": 1, "batch_size": 50})
    split = Split(np.arange(101), np.arange(0))
    steps: list[int] = []
    data = build_training_data(recipe, small_mnist.train, split)
    fit(initial_state(recipe), data, recipe, on_step=lambda *step: steps.append(step[2]))
    assert steps == [2, 2]


def test_training_of_a_single_step_changes_the_weights(small_mnist: Dataset) -> None:
    recipe = load_recipe("fast", {**EVERYTHING, "epochs": 1})
    split = Split(np.arange(100), np.arange(0))
    state = initial_state(recipe)
    before = state.network.state_dict()["0.0.weight"].clone()
    fit(state, build_training_data(recipe, small_mnist.train, split), recipe)
    assert not torch.equal(state.network.state_dict()["0.0.weight"], before)


def test_making_batches_is_timed(small_mnist: Dataset) -> None:
    recipe = load_recipe("fast", EVERYTHING)
    split = stratified_split(small_mnist.train.labels, 0.1, 0)
    state = initial_state(recipe)
    fit(state, build_training_data(recipe, small_mnist.train, split), recipe)
    for result in state.history:
        assert 0 < result.data_milliseconds_per_step < result.milliseconds_per_step
        assert result.images_per_second == pytest.approx(1800 / result.seconds)


def test_random_state_and_rounding_are_restored(small_mnist: Dataset) -> None:
    recipe = load_recipe("mlp", {"epochs": 1, "network.widths": [5]})
    split = stratified_split(small_mnist.train.labels, 0.1, 0)
    before = torch.get_rng_state()
    network = fit(
        initial_state(recipe), build_training_data(recipe, small_mnist.train, split), recipe
    )
    assert torch.equal(torch.get_rng_state(), before)
    assert not torch.backends.cudnn.deterministic
    assert torch.tensor(1e-40).mul(0.5).item() > 0  # denormal numbers are not flushed to zero
    assert not network.training


def test_loss_with_a_teacher_is_the_weighted_mean_of_both_losses(mnist: Dataset) -> None:
    settings = {"distillation.teacher": "x", "distillation.temperature": 2.0}
    images = torch.from_numpy(mnist.train.images[:50, None] / 255).float()
    targets = torch.from_numpy(mnist.train.labels[:50])
    teacher_logits = torch.randn(50, 10, generator=torch.Generator().manual_seed(0))
    for weight in (0.25, 1.0):
        recipe = load_recipe("mlp", {**settings, "distillation.weight": weight})
        network = build_network(recipe.network, 0)
        optimizer = torch.optim.SGD(network.parameters(), lr=0.0)
        train_step(
            network, lambda _: teacher_logits, optimizer, images, targets, recipe, torch.float32
        )
        reference = build_network(recipe.network, 0)
        outputs = reference(images)
        loss = (1 - weight) * functional.cross_entropy(outputs, targets)
        loss = loss + weight * 4 * functional.kl_div(
            functional.log_softmax(outputs / 2, 1),
            functional.softmax(teacher_logits / 2, 1),
            reduction="batchmean",
        )
        torch.autograd.backward(loss)
        for parameter, expected in zip(network.parameters(), reference.parameters(), strict=True):
            torch.testing.assert_close(parameter.grad, expected.grad, rtol=1e-4, atol=1e-6)


class Stopped(Exception):  # noqa: N818 - not an error
    """Raised to stop a training."""


def initial_state(recipe: Recipe) -> TrainingState:
    network = build_network(recipe.network, recipe.seed, count_outputs(recipe))
    return TrainingState.initial(network, recipe)


def weights(network: nn.Module) -> list[list[float]]:
    return [tensor.flatten().tolist() for tensor in network.state_dict().values()]


def plain_loop(
    recipe: Recipe, train: LabelledImages, split: Split
) -> tuple[list[float], list[float], nn.Module]:
    """Train in float64 with `nn.Linear` and unfused Adam; return losses, accuracies, network."""
    network = nn.Sequential(
        nn.Flatten(), nn.Linear(784, 350), nn.ReLU(), nn.Linear(350, 350), nn.ReLU(),
        nn.Linear(350, 10),
    )  # fmt: skip
    network.load_state_dict(build_network(recipe.network, recipe.seed).state_dict())
    network.double()
    optimizer = torch.optim.Adam(network.parameters(), lr=0.001, betas=(0.9, 0.999), eps=1e-7)
    losses, accuracies = [], []
    for epoch in range(1, recipe.epochs + 1):
        total, correct = 0.0, 0
        order = epoch_order(split.train, recipe.seed, epoch).numpy()
        for start in range(0, len(order), recipe.batch_size):
            chosen = order[start : start + recipe.batch_size]
            targets = torch.from_numpy(train.labels[chosen])
            logits = network(torch.from_numpy(train.images[chosen][:, None] / 255))
            loss = functional.cross_entropy(logits, targets)
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            optimizer.step()
            total += loss.item() * len(targets)
            correct += int((logits.argmax(1) == targets).sum())
        losses.append(total / len(order))
        accuracies.append(correct / len(order))
    return losses, accuracies, network


def hashes(images: NDArray[np.uint8]) -> list[bytes]:
    return [hashlib.sha256(image.tobytes()).digest() for image in images]
