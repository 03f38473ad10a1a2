"""The teacher: one large network for expressions alone, on faces of 96 px."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..layers import Block, ConvNorm, Pool, Stem, standardised, to_single

EXPRESSIONS = 8


@dataclass(frozen=True)
class TeacherShape:
    """Residual blocks after each stage's stride-2 convolution, as in the members; the default has 0.9 G multiply-adds at 96 px."""

    widths: tuple[int, ...] = (48, 96, 192, 384)
    depths: tuple[int, ...] = (1, 2, 4, 2)
    stem: str = "sharpen"
    pooling: str = "attention"
    light: str = "face"
    dropout: float = 0.3
    depth_drop: float = 0.1  # share of the last block's skips; those before it less, in proportion


class Teacher(nn.Module):
    """Expression logits [N, 8] from faces [N, 1, S, S] with values 0 to 255."""

    def __init__(self, shape: TeacherShape):
        super().__init__()
        self.shape = shape
        layers, width = [Stem(shape.widths[0], shape.stem)], shape.widths[0]
        blocks, total = 0, sum(shape.depths)
        for stage, (outputs, depth) in enumerate(zip(shape.widths, shape.depths)):
            if stage:
                layers.append(ConvNorm(width, outputs, 3, 2))
            for _ in range(depth):
                blocks += 1
                layers.append(SkippedBlock(outputs, stage > 0, shape.depth_drop * blocks / total))
            width = outputs
        self.backbone = nn.Sequential(*layers)
        self.pool = Pool(width, shape.pooling)
        self.drop = nn.Dropout(shape.dropout)
        self.head = nn.Linear(width, EXPRESSIONS)

    def forward(self, faces: Tensor) -> Tensor:
        features = self.pool(self.backbone(standardised(faces, self.shape.light)))
        return to_single(self.head(self.drop(features)))


class SkippedBlock(Block):
    """A block that some faces of a batch skip while it is trained (stochastic depth, Huang et al., 2016)."""

    def __init__(self, width: int, squeeze: bool, skips: float):
        super().__init__(width, squeeze)
        self.skips = skips

    def forward(self, x: Tensor) -> Tensor:
        seen = self.squeeze(self.second(self.first(x)))
        if self.training and self.skips:
            kept = (torch.rand(len(x), 1, 1, 1, device=x.device) >= self.skips).to(seen.dtype)
            seen = seen * (kept / (1 - self.skips))
        return F.silu(x + seen)
