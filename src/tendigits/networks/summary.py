"""A network as a table: layers, shapes, parameters."""

import torch
from torch import Tensor, nn

from tendigits.datasets import IMAGE_SIZE


def count_parameters(network: nn.Module) -> int:
    """Return how many trained numbers `network` has."""
    return sum(parameter.numel() for parameter in network.parameters())


def summary_table(network: nn.Module) -> str:
    """Return a table of the layers of `network` with output shapes and parameter counts."""
    rows = [
        ("layer", "output shape", "parameters"),
        ("Input", f"(n, 1, {IMAGE_SIZE}, {IMAGE_SIZE})", "0"),
    ]
    rows += _layer_rows(network)
    rows.append(("total", "", f"{count_parameters(network):,}"))
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    lines = [f"{a:<{widths[0]}}  {b:<{widths[1]}}  {c:>{widths[2]}}".rstrip() for a, b, c in rows]
    rule = "-" * (sum(widths) + 4)
    return "\n".join([lines[0], rule, *lines[1:-1], rule, lines[-1]])


def _layer_rows(network: nn.Module) -> list[tuple[str, str, str]]:
    rows: list[tuple[str, str, str]] = []

    def note(layer: nn.Module, _inputs: tuple[Tensor, ...], outputs: Tensor) -> None:
        shape = ", ".join(str(size) for size in outputs.shape[1:])
        rows.append((type(layer).__name__, f"(n, {shape})", f"{count_parameters(layer):,}"))

    leaves = [layer for layer in network.modules() if not list(layer.children())]
    hooks = [leaf.register_forward_hook(note) for leaf in leaves]
    training = network.training
    try:
        with torch.no_grad():
            network.eval()(torch.zeros(1, 1, IMAGE_SIZE, IMAGE_SIZE))
    finally:
        network.train(training)
        for hook in hooks:
            hook.remove()
    return rows
