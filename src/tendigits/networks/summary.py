"""The size of a network: a table of its layers, parameters and multiply-add operations."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from tendigits.data import IMAGE_SIZE


def count_parameters(network: nn.Module) -> int:
    """Return the number of trained weights of `network`."""
    return sum(parameter.numel() for parameter in network.parameters())


def summary_table(network: nn.Module, size: int = IMAGE_SIZE) -> str:
    """Return a table of the layers of `network` with output shapes and parameter counts.

    The shapes are those for images with `size` pixels along a side.
    """
    rows = [
        ("layer", "output shape", "parameters"),
        ("Input", f"(n, 1, {size}, {size})", "0"),
    ]
    rows += _layer_rows(network, size)
    rows.append(("total", "", f"{count_parameters(network):,}"))
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    lines = [f"{a:<{widths[0]}}  {b:<{widths[1]}}  {c:>{widths[2]}}".rstrip() for a, b, c in rows]
    rule = "-" * (sum(widths) + 4)
    return "\n".join([lines[0], rule, *lines[1:-1], rule, lines[-1]])


def count_multiply_adds(network: nn.Module, size: int = IMAGE_SIZE) -> int:
    """Return the number of multiply-add operations of `network` for one image.

    The image has `size` pixels along a side.
    """
    total = 0

    def note(layer: nn.Module, outputs: Tensor) -> None:
        nonlocal total
        if isinstance(layer, nn.Conv2d):
            total += outputs[0].numel() * layer.weight[0].numel()
        elif isinstance(layer, nn.Linear):
            total += layer.weight.numel()

    _visit_layers(network, size, note)
    return total


def _layer_rows(network: nn.Module, size: int) -> list[tuple[str, str, str]]:
    rows: list[tuple[str, str, str]] = []

    def note(layer: nn.Module, outputs: Tensor) -> None:
        shape = ", ".join(str(size) for size in outputs.shape[1:])
        rows.append((type(layer).__name__, f"(n, {shape})", f"{count_parameters(layer):,}"))

    _visit_layers(network, size, note)
    return rows


def _visit_layers(network: nn.Module, size: int, note: Callable[[nn.Module, Tensor], None]) -> None:
    """Pass a blank image through `network` and call `note` with each layer and its outputs."""
    leaves = [layer for layer in network.modules() if not list(layer.children())]
    hooks = [
        leaf.register_forward_hook(lambda layer, _inputs, outputs: note(layer, outputs))
        for leaf in leaves
    ]
    training = network.training
    blank = torch.zeros(1, 1, size, size, device=next(network.parameters()).device)
    try:
        with torch.no_grad():
            network.eval()(blank)
    finally:
        network.train(training)
        for hook in hooks:
            hook.remove()
