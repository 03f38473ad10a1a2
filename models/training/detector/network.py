"""The detector's network: a small gray backbone, a top-down neck, and a head for each of three strides.

The first layer steps four pixels at once and the dense convolutions sit where pictures are already
small, because the high resolutions cost most of the time. Batch normalisation is folded at export.
"""

from __future__ import annotations

import math

import torch
from torch import nn
from torch.nn import functional as F

from .config import STRIDES

OUTPUTS = 15  # score, centre (2), log size (2), five landmarks (10)
MIDDLE, SPREAD = 128.0, 64.0  # pixels become (p - MIDDLE) / SPREAD
FACE_IN_STRIDES = 4.0  # the untrained network guesses faces of this many strides


class ConvNorm(nn.Module):
    """Convolution and batch normalisation, with a rectifier unless `act` is False."""

    def __init__(self, i: int, o: int, kernel: int = 3, stride: int = 1, groups: int = 1, act: bool = True):
        super().__init__()
        padding = (kernel - stride) // 2 if kernel % 2 == 0 else kernel // 2
        self.conv = nn.Conv2d(i, o, kernel, stride, padding, groups=groups, bias=False)
        self.norm = nn.BatchNorm2d(o)
        self.act = act

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.norm(self.conv(x))
        return F.relu(y) if self.act else y


class Residual(nn.Module):
    """relu(x + B(A(x))). `depthwise`: a kernel per channel, then 1x1; else two dense 3x3 through `middle`."""

    def __init__(self, c: int, middle: int | None = None, depthwise: bool = False, kernel: int = 3):
        super().__init__()
        if depthwise:
            self.a, self.b = ConvNorm(c, c, kernel, groups=c), ConvNorm(c, c, 1, act=False)
        else:
            self.a, self.b = ConvNorm(c, middle or c), ConvNorm(middle or c, c, act=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.relu(x + self.b(self.a(x)))


class Detector(nn.Module):
    """`frames` [N, 1, H, W] (0 to 255; H and W multiples of 32) to candidates of every stride."""

    def __init__(self, neck: int = 32):
        super().__init__()
        self.stem = nn.Sequential(ConvNorm(1, 16, 8, 4), Residual(16, depthwise=True))
        self.stages = nn.ModuleList(
            [
                nn.Sequential(ConvNorm(16, 32, 3, 2), Residual(32, 16), Residual(32, depthwise=True)),
                nn.Sequential(ConvNorm(32, 64, 3, 2), Residual(64, 32), Residual(64, 32)),
                nn.Sequential(ConvNorm(64, 64, 3, 2), Residual(64), Residual(64)),
            ]
        )
        self.lateral = nn.ModuleList([ConvNorm(c, neck, 1, act=False) for c in (32, 64, 64)])
        # A normalisation shared by strides would see other statistics in training than afterwards.
        self.heads = nn.ModuleList(
            [nn.Sequential(Residual(neck, depthwise=True), Residual(neck, middle)) for middle in (neck // 2, neck, neck)]
        )
        self.outs = nn.ModuleList([answer(neck) for _ in STRIDES])

    def maps(self, frames: torch.Tensor) -> list[torch.Tensor]:
        """Head outputs [N, 15, H/s, W/s] for each stride s, before decoding."""
        x = self.stem(normalise(frames))
        levels = []
        for stage in self.stages:
            x = stage(x)
            levels.append(x)
        top = self.lateral[-1](levels[-1])
        merged = [top]
        for lateral, level in zip(self.lateral[-2::-1], levels[-2::-1]):
            top = lateral(level) + F.interpolate(top, scale_factor=2.0, mode="nearest")
            merged.insert(0, top)
        return [out(head(m)) for out, head, m in zip(self.outs, self.heads, merged)]

    def forward(self, frames: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Boxes [N, A, 4] px, scores [N, A] 0 to 1, landmarks [N, A, 5, 2] px."""
        boxes, logits, landmarks, _, _ = decode([m.float() for m in self.maps(frames)])
        return boxes, logits.sigmoid(), landmarks


def answer(neck: int) -> nn.Conv2d:
    """The last layer of a head, which begins by finding nothing."""
    out = nn.Conv2d(neck, OUTPUTS, 1)
    nn.init.normal_(out.weight, std=0.01)
    nn.init.zeros_(out.bias)
    with torch.no_grad():
        out.bias[0] = -math.log(99)  # one candidate in a hundred is a face
        out.bias[3:5] = math.log(FACE_IN_STRIDES)
    return out


def normalise(frames: torch.Tensor) -> torch.Tensor:
    """Pixels 0 to 255 to about -2 to 2."""
    return (frames.float() - MIDDLE) / SPREAD


def decode(maps: list[torch.Tensor]) -> tuple[torch.Tensor, ...]:
    """Maps [N, 15, h, w] per stride to boxes [N, A, 4], logits [N, A], landmarks [N, A, 5, 2], and of every
    candidate its centre [A, 2] and stride [A]; all in pixels."""
    boxes, logits, landmarks, centres, strides = [], [], [], [], []
    for raw, stride in zip(maps, STRIDES):
        n, _, h, w = raw.shape
        y, x = torch.meshgrid(torch.arange(h), torch.arange(w), indexing="ij")
        centre = (torch.stack([x, y], -1).reshape(-1, 2).to(raw) + 0.5) * stride
        flat = raw.flatten(2).transpose(1, 2)
        middle = centre + flat[..., 1:3] * stride
        half = flat[..., 3:5].clamp(max=6).exp() * (stride / 2)
        boxes.append(torch.cat([middle - half, middle + half], -1))
        logits.append(flat[..., 0])
        landmarks.append(centre[:, None] + flat[..., 5:].reshape(n, -1, 5, 2) * stride)
        centres.append(centre)
        strides.append(torch.full((h * w,), float(stride)))
    return (
        torch.cat(boxes, 1),
        torch.cat(logits, 1),
        torch.cat(landmarks, 1),
        torch.cat(centres),
        torch.cat(strides),
    )
