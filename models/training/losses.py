"""One loss per head, each a weighted mean over the rows that carry the label. Of landmarks and action units single values may
be missing (nan): those are left out of the row's mean."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

EYE_DISTANCE = 0.366  # of the crop, by the template


def cross_entropy(logits: Tensor, target: Tensor) -> Tensor:
    """Soft-target cross entropy [N] of `logits` and distributions `target` [N, C]."""
    return -(target * logits.log_softmax(1)).sum(1)


def five_of(landmarks: Tensor) -> Tensor:
    """The detector's five points [N, 5, 2] within 68 landmarks [N, 68, 2]."""
    eyes = [landmarks[:, 36:42].mean(1), landmarks[:, 42:48].mean(1)]
    return torch.stack([*eyes, landmarks[:, 30], landmarks[:, 48], landmarks[:, 54]], 1)


def mean_of_known(values: Tensor, target: Tensor) -> Tensor:
    """Mean [N] over the other axes of `values`, of those whose `target`, of the same shape, is not nan."""
    known = ~target.isnan()
    kept = torch.where(known, values, 0.0).flatten(1).sum(1)
    return kept / known.flatten(1).sum(1).clamp(min=1)


def distance(points: Tensor, target: Tensor, eyes: Tensor | float = EYE_DISTANCE) -> Tensor:
    """Mean absolute distance [N] per row, in eye distances."""
    return mean_of_known((points - target.nan_to_num()).abs(), target) / eyes


def eye_distance(landmarks: Tensor) -> Tensor:
    """Between the eyes' centres [N], or half of that between their outer corners, where a turned face makes it longer."""
    centres = (landmarks[:, 36:42].mean(1) - landmarks[:, 42:48].mean(1)).norm(dim=-1)
    return torch.maximum(centres, (landmarks[:, 36] - landmarks[:, 45]).norm(dim=-1) / 2).clamp(min=EYE_DISTANCE / 3)


def bce(logits: Tensor, target: Tensor) -> Tensor:
    return F.binary_cross_entropy_with_logits(logits, target, reduction="none")


LOSSES = {
    "expression": (1.0, lambda out, y: cross_entropy(out["expression"], y)),
    "valence_arousal": (0.5, lambda out, y: F.smooth_l1_loss(out["valence_arousal"], y, reduction="none", beta=0.2).mean(1)),
    "landmarks": (2.0, lambda out, y: distance(out["landmarks"], y, eye_distance(y))),
    "five": (1.0, lambda out, y: distance(five_of(out["landmarks"]), y)),
    "pose": (1.0, lambda out, y: F.l1_loss(out["pose"], y, reduction="none").mean(1)),
    "action_units": (0.5, lambda out, y: mean_of_known(bce(out["action_units"], y.nan_to_num()), y)),
    "visibility": (0.2, lambda out, y: bce(out["visibility"], y).mean(1)),
    "quality": (0.2, lambda out, y: bce(out["quality"], y)),
}


def total(out: dict[str, Tensor], labels, weights, scale: dict[str, float]) -> tuple[Tensor, dict[str, float]]:
    """Sum of the losses and each one's value. `scale` multiplies a head's weight (0 leaves the task out)."""
    parts, values = [], {}
    for name, (weight, loss) in LOSSES.items():
        rows = weights.get(name)
        factor = weight * scale.get(name, 1.0)
        if rows is None or factor == 0 or not rows.any():
            continue
        # Divided by the batch, not by the weights: a label that few rows have pulls as little as they are.
        value = (loss(out, labels[name]) * rows).sum() / len(rows)
        values[name] = float(value.detach()) * len(rows) / float(rows.sum())
        parts.append(factor * value)
    return torch.stack(parts).sum(), values
