"""A training step that several processes share; its results are those of a single process.

Each process has the whole batch and all weights, computes the network for its part of the batch,
and receives the logits of the other parts. The loss is then that of the whole batch in every
process, so that the training loop is the same with one process and with many.
"""

from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn.parallel import DistributedDataParallel

from tendigits.data import IMAGE_SIZE


class SharedNetwork(nn.Module):
    """A network of which each process computes its part of a batch: (n, ...) -> logits (n, k).

    All processes must call it with the same batch. Their gradients are averaged by
    DistributedDataParallel, and batch normalisation uses the statistics of the whole batch.
    """

    def __init__(self, network: nn.Module, group: dist.ProcessGroup) -> None:
        """Share the computation of `network` in the processes of `group`; it keeps its weights."""
        super().__init__()
        for module in network.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.__class__ = SharedBatchNorm  # with the same weights, names and optimiser
                assert isinstance(module, SharedBatchNorm)
                module.share(group)
        self._group = group
        self._replica = DistributedDataParallel(
            network, process_group=group, forward_sync_buffers=False
        )
        self._order_sums()

    def forward(self, inputs: Tensor) -> Tensor:
        """Return the logits of the whole batch (n, k), float32."""
        parts = inputs.tensor_split(self._group.size())
        logits = self._replica(parts[self._group.rank()]).float()
        first = sum(len(part) for part in parts[: self._group.rank()])
        whole: Tensor = _Gather.apply(logits, first, len(inputs), self._group)  # type: ignore[no-untyped-call]
        return whole

    def _order_sums(self) -> None:
        """Let the first step add up gradients in the same order as all others.

        DistributedDataParallel arranges them anew after its first step. Without this, a run that
        is resumed would end with other bits.
        """
        self._replica.eval()
        device = next(self.parameters()).device
        self._replica(torch.zeros(1, 1, IMAGE_SIZE, IMAGE_SIZE, device=device)).sum().backward()
        self._replica.zero_grad()
        self._replica.train()


class SharedBatchNorm(nn.BatchNorm2d):
    """Batch normalisation with the statistics of the whole batch, also on CPUs.

    `nn.SyncBatchNorm` does the same on GPUs only.
    """

    def share(self, group: dist.ProcessGroup) -> None:
        """Use the statistics of the parts of all processes of `group` from now on."""
        self._group = group

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - as in torch
        """Return the normalised part of a batch (n, c, h, w)."""
        if not self.training:
            return super().forward(input)
        mean, variance, count = self._statistics(input.detach())
        assert self.running_mean is not None
        assert self.running_var is not None
        assert self.num_batches_tracked is not None
        assert self.momentum is not None
        self.running_mean.lerp_(mean, self.momentum)
        self.running_var.lerp_(variance * (count / (count - 1)), self.momentum)
        self.num_batches_tracked.add_(1)
        outputs: Tensor = _Normalise.apply(  # type: ignore[no-untyped-call]
            input, self.weight, self.bias, mean, variance, count, self.eps, self._group
        )
        return outputs

    def _statistics(self, inputs: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return each channel's mean and variance (c,) in the whole batch, and their count ()."""
        if len(inputs):
            mean, variance = torch.batch_norm_update_stats(inputs, None, None, 0.0)
        else:  # the last batch of an epoch can have fewer images than there are processes
            mean = variance = torch.zeros(self.num_features, device=inputs.device)
        count = mean.new_full((1,), inputs.numel() / inputs.shape[1])
        # In float64, since the variance is a difference of large sums.
        sums = torch.cat([mean, variance + mean.double() ** 2, count.new_ones(1)]).double() * count
        dist.all_reduce(sums, group=self._group)
        total = sums[-1]
        mean, square = (sums[:-1] / total).chunk(2)
        return mean.float(), (square - mean**2).clamp(min=0).float(), total.float()


class _Normalise(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        inputs: Tensor,
        weight: Tensor,
        bias: Tensor,
        mean: Tensor,
        variance: Tensor,
        count: Tensor,
        epsilon: float,
        group: dist.ProcessGroup,
    ) -> Tensor:
        ctx.save_for_backward(inputs, weight, mean, variance, count)
        ctx.epsilon, ctx.group = epsilon, group
        outputs, _, _ = torch.native_batch_norm(
            inputs, weight, bias, mean, variance, False, 0.0, epsilon
        )
        return outputs

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        inputs, weight, mean, variance, count = ctx.saved_tensors
        if len(inputs):  # as if mean and variance were constant
            to_inputs, to_weight, to_bias = torch.ops.aten.native_batch_norm_backward(
                *(gradient, inputs, weight, mean, variance, None, None),
                *(False, ctx.epsilon, [True, True, True]),
            )
        else:
            to_inputs = gradient
            to_weight = to_bias = torch.zeros_like(weight)
        # Through mean and variance, which depend on the whole batch.
        sums = torch.cat([to_weight, to_bias])
        dist.all_reduce(sums, group=ctx.group)
        through_variance, through_mean = (sums / count).chunk(2)
        scale = (variance + ctx.epsilon).rsqrt()
        slope = weight * scale**2 * through_variance
        offset = weight * scale * through_mean - slope * mean
        to_inputs -= torch.addcmul(_per_channel(offset), inputs, _per_channel(slope))
        return to_inputs, to_weight, to_bias, None, None, None, None, None


class _Gather(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, part: Tensor, first: int, count: int, group: dist.ProcessGroup) -> Tensor:
        ctx.own = slice(first, first + len(part))
        ctx.processes = group.size()
        whole = part.new_zeros(count, *part.shape[1:])
        whole[ctx.own] = part
        dist.all_reduce(whole, group=group)
        return whole

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None, None]:
        # The gradients of the parts are averaged later, and their sum is wanted.
        return gradient[ctx.own] * ctx.processes, None, None, None


def _per_channel(values: Tensor) -> Tensor:
    return values.view(1, -1, 1, 1)
