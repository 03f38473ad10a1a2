"""Random views of stored crops, as `augment.py` makes them, in PyTorch on the device that holds the crops.

The same steps in the same order: a similarity jitter with flip, sampled bilinearly with the border repeated; light; the
camera's loss of resolution, blur or noise; an erased rectangle. What is done to a row is drawn for all rows at once. Stored
crops may be of another size than STORED: a view is as many times larger than SIZE px.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from ..layout import SIZE, STORED
from ..strength import FAR, Strength

# Of views of SIZE px; those of others are as many times larger.
WIDEST = 3.5  # px, standard deviation of the widest blur, which reaches three times as far
SMALLEST = 7  # px a side, of the least resolution


@dataclass
class Views:
    """Views float32 [N, 1, S, S], whole gray values from 0 to 255, with what was done to them."""

    images: Tensor
    matrix: Tensor  # [N, 2, 3], stored-crop px to view px, flip included
    flipped: Tensor  # bool [N]
    degraded: Tensor  # float32 [N], 0 clean to 1 unusable
    covered: Tensor  # float32 [N], part of the view that was erased


class Random:
    """Numbers drawn on one device from one seed."""

    def __init__(self, device: str, seed: int):
        self.generator = torch.Generator(device).manual_seed(seed)
        self.device = device

    def uniform(self, low: float, high: float, *shape: int) -> Tensor:
        return low + (high - low) * torch.rand(*shape, generator=self.generator, device=self.device)

    def normal(self, spread: float, *shape: int) -> Tensor:
        return spread * torch.randn(*shape, generator=self.generator, device=self.device)

    def chance(self, share: float, count: int) -> Tensor:
        return torch.rand(count, generator=self.generator, device=self.device) < share

    def beta(self, power: float, count: int) -> Tensor:
        """Beta(1, `power`) by its inverse distribution function."""
        return 1 - self.uniform(0, 1, count) ** (1 / power)


def views(crops: Tensor, strength: Strength, random: Random) -> Views:
    """Random views of `crops` uint8 [N, S, S], the crop without its margin large."""
    count, stored = len(crops), crops.shape[-1]
    size = stored * SIZE // STORED
    matrix, flipped = jitter(count, strength, random, size, stored)
    images = warp(crops[:, None].float(), inverse(matrix), size)
    images = torch.where(random.chance(strength.light, count)[:, None, None, None], relight(images, random), images)
    chosen = random.chance(strength.camera, count)
    worse, amount = degrade(images, random)
    images = torch.where(chosen[:, None, None, None], worse, images)
    images, covered = erase(images, random.chance(strength.erase, count), random)
    return Views(images.round().clamp(0, 255), matrix, flipped, torch.where(chosen, amount, 0.0), covered)


def jitter(count: int, strength: Strength, random: Random, size: int = SIZE, stored: int = STORED) -> tuple[Tensor, Tensor]:
    """Random similarities [N, 2, 3] from px of stored crops to px of views of `size`, and which of them flip."""
    reach = torch.where(random.chance(strength.far, count), FAR, 1.0)
    angle = torch.deg2rad(random.normal(0.5, count).clamp(-1, 1) * strength.rotation * reach)
    factor = torch.exp(random.uniform(-strength.scale, strength.scale, count) * reach)
    flipped = random.chance(0.5, count)
    sign = torch.where(flipped, -1.0, 1.0)
    cos, sin = angle.cos() * factor, angle.sin() * factor
    linear = torch.stack([torch.stack([cos * sign, -sin], -1), torch.stack([sin * sign, cos], -1)], -2)
    shift = random.uniform(-strength.shift, strength.shift, count, 2) * reach[:, None] * size
    offset = size / 2 + shift - linear.sum(-1) * (stored / 2)
    return torch.cat([linear, offset[:, :, None]], -1), flipped


def inverse(matrix: Tensor) -> Tensor:
    """Inverses of affine matrices [N, 2, 3]."""
    linear = torch.linalg.inv(matrix[:, :, :2])
    return torch.cat([linear, -linear @ matrix[:, :, 2:]], -1)


def warp(images: Tensor, back: Tensor, size: int) -> Tensor:
    """Views [N, 1, size, size] of `images` [N, 1, S, S] through `back` [N, 2, 3], view px to image px."""
    side = images.shape[-1]
    along = torch.arange(size, device=images.device) + 0.5
    y, x = torch.meshgrid(along, along, indexing="ij")
    places = torch.stack([x, y, torch.ones_like(x)], -1).reshape(-1, 3)
    seen = (places @ back.transpose(1, 2)).reshape(len(images), size, size, 2)
    return F.grid_sample(images, 2 * seen / side - 1, mode="bilinear", padding_mode="border", align_corners=False)


def relight(images: Tensor, random: Random) -> Tensor:
    """Gamma, contrast and brightness."""
    column = lambda values: values[:, None, None, None]
    count = len(images)
    level = (images / 255).clamp(0, 1) ** column(random.normal(0.3, count).exp())
    level = (level - 0.5) * column(random.normal(0.25, count).exp()) + 0.5 + column(random.normal(0.08, count))
    return (level * 255).clamp(0, 255)


def degrade(images: Tensor, random: Random) -> tuple[Tensor, Tensor]:
    """Each image with less resolution, blurred or noisy, and how much of the face is lost [N]."""
    count, size = len(images), images.shape[-1]
    amount = random.beta(1.6, count)
    kind = random.uniform(0, 3, count).long()[:, None, None, None]
    side = (size * (1 - 0.85 * amount)).round().clamp(SMALLEST * size / SIZE, size)
    spread = torch.where(kind[:, 0, 0, 0] == 0, 0.4 * size / side, (0.3 + 3.2 * amount) * size / SIZE)
    blurred = blur(images, spread)
    noisy = images + random.normal(45, *images.shape) * amount[:, None, None, None]
    worse = torch.where(kind == 0, coarse(blurred, side), torch.where(kind == 1, blurred, noisy))
    return worse.clamp(0, 255), amount


def blur(images: Tensor, spread: Tensor) -> Tensor:
    """Gaussian blur of each image [N, 1, S, S] by its own standard deviation `spread` [N] in px."""
    widest = WIDEST * images.shape[-1] / SIZE
    taps = int(3 * widest)
    offset = torch.arange(-taps, taps + 1, device=images.device)
    kernel = torch.softmax(-(offset**2) / (2 * spread[:, None].clamp(max=widest) ** 2), 1)
    padded = F.pad(images, (taps, taps, taps, taps), mode="replicate").transpose(0, 1)
    across = F.conv2d(padded, kernel[:, None, None, :], groups=len(images))
    return F.conv2d(across, kernel[:, None, :, None], groups=len(images)).transpose(0, 1)


def coarse(images: Tensor, side: Tensor) -> Tensor:
    """Images [N, 1, S, S] sampled at `side` [N] px a side and enlarged again."""
    factor = images.shape[-1] / side
    small = warp(images, scaling(factor), images.shape[-1])
    return warp(small, scaling(1 / factor), images.shape[-1])


def scaling(factor: Tensor) -> Tensor:
    """Matrices [N, 2, 3] that enlarge by `factor` [N] about the corner."""
    zero = torch.zeros_like(factor)
    return torch.stack([torch.stack([factor, zero, zero], -1), torch.stack([zero, factor, zero], -1)], -2)


def erase(images: Tensor, chosen: Tensor, random: Random) -> tuple[Tensor, Tensor]:
    """Cover a rectangle of the `chosen` [N] with one gray or noise; the part of each view that is covered [N]."""
    count, side = len(images), images.shape[-1]
    extent = (random.uniform(0.12, 0.5, count, 2) * side).floor()
    corner = (random.uniform(0, 1, count, 2) * (side - extent)).floor()
    along = torch.arange(side, device=images.device)
    inside = (along >= corner[:, :, None]) & (along < (corner + extent)[:, :, None])
    patch = (inside[:, 0, :, None] & inside[:, 1, None, :] & chosen[:, None, None])[:, None]
    gray = random.uniform(0, 256, count, 1, 1, 1).floor().expand_as(images)
    fill = torch.where(random.chance(0.3, count)[:, None, None, None], random.uniform(0, 256, *images.shape).floor(), gray)
    return torch.where(patch, fill, images), chosen * extent.prod(1) / side**2


def move(points: Tensor, matrix: Tensor) -> Tensor:
    """Points [N, P, 2] in stored-crop px to points in the views, 0 to 1."""
    return (points @ matrix[:, :, :2].transpose(1, 2) + matrix[:, None, :, 2]) / SIZE


def turn(pose: Tensor, matrix: Tensor, flipped: Tensor) -> Tensor:
    """Pose [N, 3] in degrees after the views' similarities: roll turns along, flips negate yaw and roll."""
    sign = torch.where(flipped, -1.0, 1.0)
    angle = torch.atan2(matrix[:, 1, 0] * sign, matrix[:, 0, 0] * sign) * (180 / math.pi)
    return torch.stack([pose[:, 0] * sign, pose[:, 1], pose[:, 2] * sign + angle], 1)
