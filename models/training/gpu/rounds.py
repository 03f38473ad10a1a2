"""The order in which rows come, drawn on the device that holds them."""

from __future__ import annotations

import torch
from torch import Tensor

from .augment import Random


class Rounds:
    """Rows in random order; each comes `often` [N] times a round, fractions by chance."""

    def __init__(self, often: Tensor, random: Random):
        self.often, self.random = often, random
        self.order = torch.empty(0, dtype=torch.long, device=often.device)

    def next(self, count: int) -> Tensor:
        """Indices [count] of the rows that come next."""
        while len(self.order) < count:
            times = (self.often + self.random.uniform(0, 1, len(self.often))).floor().long()
            index = torch.repeat_interleave(torch.arange(len(times), device=times.device), times)
            mixed = torch.rand(len(index), generator=self.random.generator, device=times.device).argsort()
            self.order = torch.cat([self.order, index[mixed]])
        index, self.order = self.order[:count], self.order[count:]
        return index
