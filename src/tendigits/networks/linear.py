"""A fully connected layer that trains twice as fast on a CPU with AVX-512 that is not Intel's."""

import torch
from torch import Tensor, nn

# An operator that PyTorch itself compiles to (torch._inductor); absent where it is built
# without oneDNN, and then the layer is plain nn.Linear.
HAS_ONEDNN = hasattr(torch.ops.mkldnn, "_linear_pointwise")


class Linear(nn.Linear):
    """`nn.Linear` whose float32 products go to oneDNN while it trains on a CPU.

    PyTorch sends them to MKL, which keeps to AVX2 on AMD's processors. Measured on two cores of
    an EPYC (Zen 5), 100x784 by 784x350: 170 GFLOP/s by MKL, 340 by oneDNN. The sums are the
    same up to the order of their terms.
    """

    def reset_parameters(self) -> None:
        """Draw Glorot-uniform weights and set the biases to zero, as Keras does.

        Source: X. Glorot, Y. Bengio, "Understanding the difficulty of training deep feedforward
        neural networks", AISTATS 2010.
        """
        nn.init.xavier_uniform_(self.weight)
        nn.init.zeros_(self.bias)

    def forward(self, inputs: Tensor) -> Tensor:
        """Return `inputs` (n, in) times the weights plus the biases: (n, out)."""
        if self.training and fits_onednn(inputs):
            outputs: Tensor = _OneDNNLinear.apply(inputs, self.weight, self.bias)  # type: ignore[no-untyped-call]
            return outputs
        return super().forward(inputs)


def fits_onednn(inputs: Tensor) -> bool:
    """Tell whether `product` takes `inputs`: float32 on a CPU, with oneDNN, outside autocast."""
    return (
        HAS_ONEDNN
        and inputs.device.type == "cpu"
        and inputs.dtype == torch.float32
        and not torch.is_autocast_enabled("cpu")
    )


def product(left: Tensor, right: Tensor, bias: Tensor | None = None) -> Tensor:
    """Return left (m, k) times right (n, k) transposed, plus bias (n,)."""
    result: Tensor = torch.ops.mkldnn._linear_pointwise(left, right, bias, "none", [], "")
    return result


class _OneDNNLinear(torch.autograd.Function):
    @staticmethod
    def forward(ctx, inputs: Tensor, weight: Tensor, bias: Tensor) -> Tensor:  # type: ignore[no-untyped-def]
        ctx.save_for_backward(inputs, weight)
        return product(inputs, weight, bias)

    @staticmethod
    def backward(ctx, gradient: Tensor) -> tuple[Tensor | None, Tensor, Tensor]:  # type: ignore[no-untyped-def]
        inputs, weight = ctx.saved_tensors
        to_inputs = product(gradient, weight.t()) if ctx.needs_input_grad[0] else None
        return to_inputs, product(gradient.t(), inputs.t()), gradient.sum(0)
