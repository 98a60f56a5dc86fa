"""The time of one training step of `mlp` by part, beside the lower bound of the machine.

Each part is timed on its own, with the shapes of the step. The lower bound is the arithmetic of
the step at the rate of a large float32 matrix multiplication on this machine, and the memory
traffic of Adam at the rate of a large copy.
"""

import statistics
import time
from collections.abc import Callable

import torch

from tendigits.data import load_dataset
from tendigits.networks import build_network, count_parameters
from tendigits.networks.architectures import Linear, matmul
from tendigits.recipes import load_recipe
from tendigits.training.fit import train_step
from tendigits.training.optimizers import build_optimizer
from tendigits.training.training_data import batches

REPEATS, ROUNDS = 200, 7


def print_step_costs() -> dict[str, float]:
    """Print the table and return it: milliseconds by part."""
    torch.set_flush_denormal(True)
    recipe = load_recipe("mlp")
    train = load_dataset("mnist").train
    images, labels = torch.from_numpy(train.images), torch.from_numpy(train.labels)
    order = torch.randperm(len(train))[: recipe.batch_size]
    network = build_network(recipe.network, recipe.seed).train()
    optimizer = build_optimizer(network, recipe.optimizer)

    def one_step() -> None:
        batch = next(batches(images, labels, order, recipe.batch_size))
        train_step(network, None, optimizer, *batch, recipe, torch.float32)

    one_step()  # computes the gradients with which the optimiser is timed
    layers = [layer for layer in network.children() if isinstance(layer, Linear)]
    parts = {
        "matrix multiplications": milliseconds(lambda: all_matmuls(layers, recipe.batch_size)),
        "optimiser (Adam)": milliseconds(optimizer.step),
        "data (gather, scale)": milliseconds(
            lambda: next(batches(images, labels, order, recipe.batch_size))
        ),
    }
    whole = milliseconds(one_step)
    parts["remainder (autograd, ReLU, loss)"] = whole - sum(parts.values())
    parts["whole step"] = whole
    operations = product_operations(layers, recipe.batch_size)
    # Adam reads weights, gradients and two moments, and writes weights and moments.
    adam_bytes = 7 * 4 * count_parameters(network)
    parts["lower bound: arithmetic"] = 1000 * operations / matrix_rate()
    parts["lower bound: Adam's memory"] = 1000 * adam_bytes / copy_rate()
    for name, value in parts.items():
        print(f"{name:<34} {value:7.3f} ms  {100 * value / whole:5.1f} %")
    return parts


def all_matmuls(layers: list[Linear], batch_size: int) -> None:
    """Compute only the matrix multiplications of a step."""
    for number, layer in enumerate(layers):
        inputs = torch.empty(batch_size, layer.in_features).fill_(0.5)
        gradient = matmul(inputs, layer.weight.detach())
        matmul(gradient.t(), inputs.t())
        if number:
            matmul(gradient, layer.weight.detach().t())


def product_operations(layers: list[Linear], batch_size: int) -> int:
    """Return the multiplications and additions in the matrix multiplications of a step."""
    sizes = [2 * batch_size * layer.weight.numel() for layer in layers]
    return 3 * sum(sizes) - sizes[0]  # the images need no gradient


def matrix_rate() -> float:
    """Return the operations per second of a large float32 matrix multiplication."""
    left, right = torch.rand(2048, 2048), torch.rand(2048, 2048)
    return 2 * 2048**3 / (milliseconds(lambda: matmul(left, right), repeats=3) / 1000)


def copy_rate() -> float:
    """Return the bytes per second, read and written, of a copy of the size of Adam's state."""
    source = torch.rand(7 * 401_110 // 2)
    target = torch.empty_like(source)
    return 8 * source.numel() / (milliseconds(lambda: target.copy_(source)) / 1000)


def milliseconds(job: Callable[[], object], repeats: int = REPEATS) -> float:
    """Return the median time of `job` over several rounds."""
    times = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        for _ in range(repeats):
            job()
        times.append(1000 * (time.perf_counter() - started) / repeats)
    return statistics.median(times)


if __name__ == "__main__":
    print_step_costs()
