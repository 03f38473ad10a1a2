"""What light and cameras do to gray values beside gamma and contrast, on the device: a slope of light across the face, few
levels, an overdriven sharpening. All pictures that people labelled with expressions are gray, so there is no colour to change."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from .augment import Random


def retoned(images: Tensor, share: float, random: Random) -> Tensor:
    """Images [N, 1, S, S] of values 0 to 255; each of the three is done to `share` of them."""
    for change in (sloped, levelled, sharpened):
        chosen = random.chance(share, len(images))[:, None, None, None]
        images = torch.where(chosen, change(images, random), images)
    return images.round().clamp(0, 255)


def sloped(images: Tensor, random: Random) -> Tensor:
    """Brighter on one side, darker on the other, by up to half."""
    count, side = len(images), images.shape[-1]
    along = torch.linspace(-1, 1, side, device=images.device)
    tilt = random.uniform(-0.35, 0.35, count, 2)
    plane = 1 + tilt[:, 0, None, None] * along[:, None] + tilt[:, 1, None, None] * along
    return images * plane[:, None]


def levelled(images: Tensor, random: Random) -> Tensor:
    """8 to 40 gray levels."""
    step = 255 / random.uniform(8, 40, len(images))[:, None, None, None].floor()
    return (images / step).round() * step


def sharpened(images: Tensor, random: Random) -> Tensor:
    """Up to twice what a mean over 5 px takes away is added."""
    much = random.uniform(0.3, 2, len(images))[:, None, None, None]
    return images + much * (images - F.avg_pool2d(images, 5, 1, 2, count_include_pad=False))
