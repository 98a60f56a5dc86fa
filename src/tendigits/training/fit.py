"""The training loop. It does not depend on run folders, checkpoint files or the terminal."""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim.swa_utils import PARAM_LIST, AveragedModel, get_ema_multi_avg_fn

from tendigits.classifiers import Classifier
from tendigits.data import LabelledImages
from tendigits.errors import RunError
from tendigits.evaluation import measure
from tendigits.networks import classifier_of_network
from tendigits.recipes import DistillationSettings, Recipe
from tendigits.training.environment import wait_for
from tendigits.training.history import EpochResult, StepTimes, has_stalled
from tendigits.training.optimizers import build_optimizer, follow_schedule
from tendigits.training.training_data import (
    AugmentedBatches,
    TrainingData,
    batch_sizes,
    batches,
    epoch_generator,
    epoch_order,
    seed_dropout,
)

Teacher = Callable[[Tensor], Tensor]
Share = Callable[[nn.Module], nn.Module]


@dataclass(eq=False)
class TrainingState:
    """Everything that the next epoch depends on.

    Attributes:
        network: what is trained, on the device to train on.
        average: the exponential moving average of its weights; None where the recipe has none.
        optimizer: the optimiser of its weights.
        random_state: the state of torch's random generator for the CPU; that of a GPU is seeded
            anew in each epoch.
        history: the results of the epochs so far.
    """

    network: nn.Module
    average: AveragedModel | None
    optimizer: torch.optim.Optimizer
    random_state: Tensor
    history: list[EpochResult] = field(default_factory=list)

    @classmethod
    def initial(cls, network: nn.Module, recipe: Recipe) -> "TrainingState":
        """Return the state of `network` before the first epoch."""
        average = None
        if recipe.ema_decay:
            mean = _moving_average(recipe.ema_decay)
            average = AveragedModel(network, multi_avg_fn=mean, use_buffers=True)
        return cls(
            network=network,
            average=average,
            optimizer=build_optimizer(network, recipe.optimizer),
            random_state=torch.Generator().manual_seed(recipe.seed).get_state(),
        )

    def finish_epoch(self, result: EpochResult) -> None:
        """Record the result of an epoch, after which the training can be resumed."""
        self.history.append(result)
        self.random_state = torch.get_rng_state()

    @property
    def trained(self) -> nn.Module:
        """The network to predict with: the average where there is one."""
        return self.average.module if self.average else self.network


def fit(
    state: TrainingState,
    data: TrainingData,
    recipe: Recipe,
    *,
    validation: LabelledImages | None = None,
    precision: torch.dtype = torch.float32,
    teacher: Teacher | None = None,
    share: Share | None = None,
    on_step: Callable[[int, int, int], None] | None = None,
    on_epoch: Callable[[EpochResult], None] | None = None,
) -> nn.Module:
    """Train a network from `state` to the last epoch of `recipe`, or until it stalls.

    The same state, data and recipe give the same weights, with the same number of torch's threads.
    Interrupted at any epoch and started again from the state after it, the training ends with the
    same weights, too.

    Args:
        state: the network and what belongs to it; it is changed.
        data: what is trained on.
        recipe: epochs, batch size, learning rate, augmentation, loss, patience.
        validation: images on which the network is measured after each epoch.
        precision: the type of the network's matrix multiplications.
        teacher: from images (n, 1, 28, 28) to logits, for a recipe with distillation.
        share: from the network to the same network, computed by several processes for each batch.
        on_step: is called after each step with the epoch, the step, and the steps per epoch. It
            may raise to stop the training.
        on_epoch: is called after each epoch with its result, when `state` is complete. It may
            save the state, or raise to stop the training.

    Returns:
        The trained network in evaluation mode; the results are in `state.history`.

    Raises:
        RunError: the loss is NaN or infinite after an epoch.
    """
    network, average, optimizer = state.network, state.average, state.optimizer
    device = next(network.parameters()).device
    images = torch.from_numpy(data.images).to(device)
    labels = torch.from_numpy(data.labels).to(device)
    steps = len(batch_sizes(len(data.indices), recipe.batch_size))
    classifier = classifier_of_network(average or network)
    computed = share(network) if share is not None else network

    with reproducible(state, recipe.seed):
        for epoch in range(len(state.history) + 1, recipe.epochs + 1):
            if has_stalled(state.history, recipe.patience):
                break
            network.train()
            seed_dropout(recipe.seed, epoch, device)
            logits: list[Tensor] = []
            order = epoch_order(data.indices, recipe.seed, epoch).to(device)
            augmented = AugmentedBatches(
                batches(images, labels, order, recipe.batch_size),
                recipe.augmentation_in(epoch),
                epoch_generator(recipe.seed, epoch, device),
            )
            started = time.perf_counter()
            for step, (inputs, targets) in enumerate(augmented, start=1):
                follow_schedule(optimizer, recipe, epoch, step, steps)
                logits.append(
                    train_step(computed, teacher, optimizer, inputs, targets, recipe, precision)
                )
                if average is not None:
                    average.update_parameters(network)
                if on_step is not None:
                    on_step(epoch, step, steps)
            wait_for(device)
            seconds = time.perf_counter() - started

            loss, accuracy = _loss_and_accuracy(torch.cat(logits), labels[order])
            reject_divergence(epoch, loss)
            val_loss, val_accuracy = _validate(classifier, validation)
            time_spent = StepTimes(seconds, augmented.seconds, steps, len(order))
            result = time_spent.result(epoch, loss, accuracy, val_loss, val_accuracy)
            state.finish_epoch(result)
            if on_epoch is not None:
                on_epoch(result)
    return state.trained.eval()


def train_step(
    network: nn.Module,
    teacher: Teacher | None,
    optimizer: torch.optim.Optimizer,
    inputs: Tensor,
    targets: Tensor,
    recipe: Recipe,
    precision: torch.dtype,
) -> Tensor:
    """Train on one batch; return the logits from before the step."""
    inputs = inputs.contiguous(memory_format=torch.channels_last)
    # One context per step: autocast keeps the weights that it has converted until it is left.
    with torch.autocast(inputs.device.type, precision, enabled=precision != torch.float32):
        outputs = network(inputs)
    logits: Tensor = outputs.float()
    loss = functional.cross_entropy(logits, targets, label_smoothing=recipe.label_smoothing)
    if teacher is not None and recipe.distillation is not None:
        loss = _distilled(loss, logits, teacher(inputs), recipe.distillation)
    optimizer.zero_grad()
    torch.autograd.backward(loss)
    optimizer.step()
    return logits.detach()


def _distilled(
    loss: Tensor, logits: Tensor, teacher_logits: Tensor, settings: DistillationSettings
) -> Tensor:
    """Return the weighted mean of the labels' `loss` and the loss against the teacher."""
    probabilities = functional.softmax(teacher_logits / settings.temperature, 1)
    against_teacher = functional.cross_entropy(logits / settings.temperature, probabilities)
    # A temperature divides the gradient by its square, for which the factor makes up.
    return torch.lerp(loss, settings.temperature**2 * against_teacher, settings.weight)


def reject_divergence(epoch: int, loss: float) -> None:
    """Raise a RunError if the loss of an epoch is NaN or infinite."""
    if not math.isfinite(loss):
        raise RunError(
            f"The loss is NaN or infinite after epoch {epoch}; set a smaller "
            "optimizer.learning_rate."
        )


def _validate(
    classifier: Classifier, validation: LabelledImages | None
) -> tuple[float, float] | tuple[None, None]:
    """Return the mean loss and the accuracy on the validation images, if there are any."""
    if validation is None or not len(validation):
        return None, None
    metrics = measure(classifier.predict(validation.images, validation.labels))
    return metrics.loss, metrics.accuracy


def _loss_and_accuracy(logits: Tensor, targets: Tensor) -> tuple[float, float]:
    """Return the mean cross-entropy in nats and the accuracy."""
    loss = functional.cross_entropy(logits, targets)
    return loss.item(), (logits.argmax(1) == targets).double().mean().item()


def _moving_average(decay: float) -> Callable[[PARAM_LIST, PARAM_LIST, Tensor | int], None]:
    """Return a function that updates averages, with a smaller decay in the first steps.

    Otherwise the first weights would still count for a tenth after 2,300 steps with 0.999. The
    decays are those of TensorFlow's `ExponentialMovingAverage`.
    """

    def update(averages: PARAM_LIST, values: PARAM_LIST, steps: Tensor | int) -> None:
        done = int(steps)
        get_ema_multi_avg_fn(min(decay, (1 + done) / (10 + done)))(averages, values, steps)

    return update


@contextmanager
def reproducible(state: TrainingState, seed: int) -> Iterator[None]:
    """Set torch's random state and rounding for a training, and restore them."""
    # Adam's moments of pixels that are always blank decay to denormal numbers, which are slow.
    torch.set_flush_denormal(True)
    was_deterministic = torch.backends.cudnn.deterministic
    torch.backends.cudnn.deterministic = True  # has an effect on GPUs only
    try:
        with torch.random.fork_rng():
            torch.manual_seed(seed)  # of all devices
            torch.set_rng_state(state.random_state)
            yield
    finally:
        torch.backends.cudnn.deterministic = was_deterministic
        torch.set_flush_denormal(False)
