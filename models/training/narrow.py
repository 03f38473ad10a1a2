"""Gradients of convolutions on the smallest maps, on processors that compute in bfloat16: as one matrix product over all places,
which is two to three times as fast there as oneDNN's own gradient of the weights (`python -m training grow` uses it)."""

from __future__ import annotations

import types

import torch
import torch.nn.functional as F
from torch import Tensor, nn

WIDEST = 4  # px, side of the maps that are so small


class Narrow(torch.autograd.Function):
    """A convolution of `x` [N, C, h, w] by square kernels `weight` [O, C, k, k] without bias."""

    @staticmethod
    def forward(ctx, x: Tensor, weight: Tensor, stride: int, padding: int) -> Tensor:
        ctx.save_for_backward(x, weight)
        ctx.how = stride, padding
        return F.conv2d(x, weight, None, stride, padding)

    @staticmethod
    def backward(ctx, grad: Tensor):
        (x, weight), (stride, padding) = ctx.saved_tensors, ctx.how
        pair = lambda value: [value, value]
        same = (grad, x, weight, None, pair(stride), pair(padding), [1, 1], False, [0, 0], 1)
        back = torch.ops.aten.convolution_backward(*same, [True, False, False])[0] if ctx.needs_input_grad[0] else None
        return back, weight_gradient(x, grad, weight.shape[2], stride, padding), None, None


def weight_gradient(x: Tensor, grad: Tensor, side: int, stride: int, padding: int) -> Tensor:
    """The gradient [O, C, side, side] of a convolution's kernels, from its input `x` and its output's gradient."""
    (count, outputs, height, width), channels = grad.shape, x.shape[1]
    padded = F.pad(x.permute(0, 2, 3, 1), (0, 0, padding, padding, padding, padding)).contiguous()
    n, down, across, one = padded.stride()
    seen = padded.as_strided((count, height, width, side, side, channels), (n, down * stride, across * stride, down, across, one))
    rows = grad.permute(0, 2, 3, 1).reshape(-1, outputs)
    product = rows.t() @ seen.reshape(len(rows), side * side * channels)
    return product.reshape(outputs, side, side, channels).permute(0, 3, 1, 2)


def narrowed(network: nn.Module) -> nn.Module:
    """`network`, whose convolutions to maps of at most WIDEST px learn by `Narrow` where the processor computes in bfloat16.
    A copy of it (`copy.deepcopy`) would go on using the weights of this one: copy first."""
    if not torch.ops.mkldnn._is_mkldnn_bf16_supported():
        return network
    for module in network.modules():
        if isinstance(module, nn.Conv2d) and module.bias is None and module.kernel_size == (3, 3):
            module.forward = types.MethodType(_forward, module)
    return network


def _forward(self: nn.Conv2d, x: Tensor) -> Tensor:
    small = x.device.type == "cpu" and x.shape[-1] // self.stride[0] <= WIDEST
    if not (small and self.training and torch.is_autocast_enabled("cpu")):
        return self._conv_forward(x, self.weight, self.bias)
    with torch.autocast("cpu", enabled=False):
        return Narrow.apply(x.bfloat16(), self.weight.bfloat16(), self.stride[0], self.padding[0])
