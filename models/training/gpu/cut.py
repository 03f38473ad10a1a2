"""Stored crops of small pictures, cut on the device from the pictures themselves: as `data.cut_crops` does, and at any size.

So pictures travel once, as they are, and of each way to cut them a matrix alone."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from ..layout import BORDER, ENLARGE, STORED
from .augment import inverse, warp

APART = 1.5  # px of the picture from one sample to the next, at most; as in `crop.py`
MOST = 8
STEP = 512  # pictures at a time


@torch.no_grad()
def cut(images: Tensor, matrices: Tensor, stored: int = STORED) -> Tensor:
    """Crops uint8 [N, stored, stored] of `images` uint8 [N, h, w]; `matrices` [N, 2, 3] take px of the enlarged and bordered
    pictures to px of stored crops of STORED px."""
    back = inverse(matrices.float() * (stored / STORED))
    taken = ((back[:, 0, 0] ** 2 + back[:, 1, 0] ** 2).sqrt() / APART).ceil().clamp(1, MOST).long()
    out = torch.empty(len(images), stored, stored, dtype=torch.uint8, device=images.device)
    for k in taken.unique().tolist():
        for rows in (taken == k).nonzero()[:, 0].split(STEP):
            finer = back[rows].clone()
            finer[:, :, :2] /= k
            samples = warp(enlarged(images[rows]), finer, stored * k)
            out[rows] = (F.avg_pool2d(samples, k)[:, 0] + 0.5).floor().clamp(0, 255).to(torch.uint8)
    return out


def enlarged(images: Tensor) -> Tensor:
    """Pictures [N, 1, H, W] as `data.enlarge` makes them: `ENLARGE` times larger, the border repeated."""
    big = F.interpolate(images[:, None].float(), scale_factor=ENLARGE, mode="bicubic", align_corners=False)
    return F.pad(big.round().clamp(0, 255), (BORDER,) * 4, mode="replicate")
