"""Rows that live on the device, and batches of random views of them: `rows.py` and `sources.py` without numpy."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from ..rows import FACE, FIVE_FLIP, LANDMARK_FLIP, POSE_UNIT, Rows, merge, mirrored_units
from ..sources import KINDS, label_sizes, mix
from ..strength import Strength
from . import augment
from .rounds import Rounds


class DeviceSource:
    """Rows on `device`, drawn in random order; each comes `often` times a round, fractions by chance."""

    def __init__(self, rows: Rows, often: np.ndarray, device: str, random: augment.Random):
        put = lambda values: torch.from_numpy(np.ascontiguousarray(values)).to(device)
        self.crops = put(rows.crops)
        self.labels = {name: put(values.astype(np.float32)) for name, values in rows.labels.items()}
        self.weights = {name: put(values.astype(np.float32)) for name, values in rows.weights.items()}
        self.random = random
        self.rounds = Rounds(put(often.astype(np.float32)), random)

    def next(self, count: int) -> Tensor:
        """Indices [count] of the rows that come next."""
        return self.rounds.next(count)

    def batch(self, count: int, strength: Strength, unit_flip: list[int]) -> tuple[Tensor, dict, dict]:
        """Random views of the next `count` rows: images float32 [N, 1, S, S], labels and weights by name."""
        index = self.next(count)
        seen = augment.views(self.crops[index], strength, self.random)
        labels = moved({name: values[index] for name, values in self.labels.items()}, seen, unit_flip)
        return seen.images, labels, {name: values[index] for name, values in self.weights.items()}


def on_device(opened: dict, device: str, seed: int) -> dict[str, DeviceSource]:
    """The sources that `sources.open_sources` gave, with their rows on `device`."""
    random = augment.Random(device, seed)
    return {kind: DeviceSource(source.rows, source.often, device, random) for kind, source in opened.items() if kind in KINDS}


def draw(opened: dict[str, DeviceSource], phase: dict, member: dict, units: list[str], rng: np.random.Generator):
    """A batch as `sources.draw` makes it, all of it on the device: images float32 [N, S, S], labels and weights by name."""
    flip, parts = mirrored_units(units), []
    for kind in KINDS:
        if phase.get(kind):
            strength = Strength(**(member["augment"] | phase.get("augment", {}).get(kind, {})))
            images, labels, weights = opened[kind].batch(phase[kind], strength, flip)
            part = (images[:, 0], labels, weights)
            parts.append(mix(part, member["mix"], rng) if kind == "real" else part)
    return merge(parts, label_sizes(len(units)))


def moved(labels: dict[str, Tensor], seen: augment.Views, unit_flip: list[int]) -> dict[str, Tensor]:
    """Labels of stored crops as those of their views."""
    flipped = seen.flipped
    mirror = lambda values, order: torch.where(flipped.reshape(-1, *(1,) * (values.dim() - 1)), values[:, order], values)
    out = dict(labels)
    for name, order in (("landmarks", LANDMARK_FLIP), ("five", FIVE_FLIP)):
        if name in labels:
            out[name] = mirror(augment.move(labels[name], seen.matrix), order)
    for name, order in (("action_units", unit_flip), ("visibility", LANDMARK_FLIP)):
        if name in labels:
            out[name] = mirror(labels[name], order)
    if "pose" in labels:
        out["pose"] = augment.turn(labels["pose"], seen.matrix, flipped) / POSE_UNIT
    if "quality" in labels:
        kept = labels["quality"] * (1 - seen.degraded) * (1 - 2 * seen.covered).clamp(0, 1)
        out["quality"] = torch.where(labels["quality"] > 0, FACE + (1 - FACE) * kept, 0.0)
    return out
