"""The parts that the networks are built of."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class ConvNorm(nn.Sequential):
    """Convolution without bias, batch norm, and optionally SiLU."""

    def __init__(self, inputs: int, outputs: int, kernel: int = 3, stride: int = 1, act: bool = True):
        layers = [nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False), nn.BatchNorm2d(outputs)]
        super().__init__(*layers, *([nn.SiLU(inplace=True)] if act else []))


class SqueezeExcitation(nn.Module):
    """Channel gates from the map's mean (squeeze and excitation, Hu et al., 2018)."""

    def __init__(self, width: int):
        super().__init__()
        self.down, self.up = nn.Linear(width, width // 8), nn.Linear(width // 8, width)

    def forward(self, x: Tensor) -> Tensor:
        gate = torch.sigmoid(self.up(F.relu(self.down(x.mean((2, 3))))))
        return x * gate[:, :, None, None]


class Block(nn.Module):
    """Two 3 x 3 convolutions around a shortcut."""

    def __init__(self, width: int, squeeze: bool):
        super().__init__()
        self.first = ConvNorm(width, width)
        self.second = ConvNorm(width, width, act=False)
        self.squeeze = SqueezeExcitation(width) if squeeze else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        return F.silu(x + self.squeeze(self.second(self.first(x))))


class AddedBlock(Block):
    """A block put into a network that was trained without it: its shortcut has no activation behind it, and its second batch
    norm begins at zero, so that the network at first says what it said (Goyal et al., 2017; Chen et al., 2016, "Net2Net")."""

    def __init__(self, width: int, squeeze: bool):
        super().__init__(width, squeeze)
        nn.init.zeros_(self.second[1].weight)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.squeeze(self.second(self.first(x)))


class Stem(nn.Module):
    """Gray pixels [N, 1, S, S] of about unit spread to [N, width, S/2, S/2]."""

    def __init__(self, width: int, kind: str):
        super().__init__()
        self.kind = kind
        inputs, kernel, stride = {"conv5": (1, 5, 2), "fold": (4, 3, 1), "sharpen": (2, 5, 2)}[kind]
        self.conv = ConvNorm(inputs, width, kernel, stride)

    def forward(self, x: Tensor) -> Tensor:
        if self.kind == "fold":
            x = F.pixel_unshuffle(x, 2)
        elif self.kind == "sharpen":
            x = torch.cat([x, 2 * (x - F.avg_pool2d(x, 7, 1, 3, count_include_pad=False))], 1)
        return self.conv(x)


class Pool(nn.Module):
    """Mean over the map, or a mean weighted by learned attention."""

    def __init__(self, width: int, kind: str):
        super().__init__()
        self.score = nn.Conv2d(width, 1, 1) if kind == "attention" else None

    def forward(self, x: Tensor) -> Tensor:
        if self.score is None:
            return x.mean((2, 3))
        weight = torch.softmax(to_single(self.score(x)).flatten(2), -1)
        return (x.flatten(2) * weight).sum(-1)


def standardised(faces: Tensor, light: str) -> Tensor:
    """Gray values 0 to 255 as about unit spread around 0; `light`: see `Shape`."""
    if light == "fixed":
        return (faces - 127.5) / 64.0
    x = faces - faces.mean((2, 3), keepdim=True)
    return x / ((x * x).mean((2, 3), keepdim=True) + 16.0).sqrt()


def to_single(x: Tensor) -> Tensor:
    """`x` in single precision."""
    return x if x.dtype == torch.float32 else x.float()
