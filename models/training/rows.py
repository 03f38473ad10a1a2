"""Rows that training draws from: stored crops with every label a row has, and a weight of 0 where it has none."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from . import augment, crop
from .data import LABELS, MARGIN, SIZE, STORED, protocol

POSE_UNIT = 60.0  # degrees
FACE = 0.1  # the quality of a face that is barely one; what is no face has 0
# Weak targets for pictures without valence and arousal: about where the circumplex of affect puts the words.
CIRCUMPLEX = np.float32([[0, 0], [0.8, 0.4], [0.2, 0.75], [-0.65, -0.4], [-0.6, 0.65], [-0.65, 0.35], [-0.55, 0.75], [-0.4, 0.1]])
FIVE_FLIP = [1, 0, 2, 4, 3]
# Multi-PIE's 68 points, mirrored.
LANDMARK_FLIP = [
    *range(16, -1, -1), *range(26, 16, -1), *range(27, 31), *range(35, 30, -1),
    45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40,
    *range(54, 47, -1), *range(59, 54, -1), *range(64, 59, -1), *range(67, 64, -1),
]  # fmt: skip


@dataclass
class Rows:
    """N rows. Points are in px of the stored crop; `weights` holds float32 [N] per label, 0 where it is missing."""

    crops: np.ndarray
    labels: dict[str, np.ndarray]
    weights: dict[str, np.ndarray] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.crops)


def ferplus_rows(cached: dict[str, np.ndarray]) -> Rows:
    """FER+ rows that the protocol keeps: votes, weak valence and arousal, the teacher's five points."""
    keep, votes = protocol(cached["votes"])
    votes, crops = votes[keep], cached["crops"][keep]
    ones = np.ones(len(crops), np.float32)
    labels = {"expression": votes, "valence_arousal": votes @ CIRCUMPLEX, "five": cached["five"][keep]}
    labels["quality"] = np.full(len(crops), 0.9, np.float32)
    weights = {"expression": ones, "valence_arousal": 0.2 * ones, "quality": ones}
    weights["five"] = 0.3 * cached["found"][keep].astype(np.float32)
    return Rows(crops, labels, weights)


def sampling_rates(rows: Rows, factors: dict[str, float]) -> np.ndarray:
    """How often each row comes in a round [N], by the class that won its votes; 1 for classes without a factor."""
    by_class = np.array([factors.get(name, 1.0) for name in LABELS])
    return by_class[rows.labels["expression"].argmax(1)]


def joined(parts: list[Rows]) -> Rows:
    """The rows of all `parts`, which have the same labels."""
    together = lambda dicts: {name: np.concatenate([d[name] for d in dicts]) for name in dicts[0]}
    crops = np.concatenate([part.crops for part in parts])
    return Rows(crops, together([p.labels for p in parts]), together([p.weights for p in parts]))


def mirrored_units(names: list[str]) -> list[int]:
    """For each action unit the index of its mirror image: `…Left` with `…Right`, `…_l` with `…_r`."""
    swap = {"left": "right", "right": "left", "_l": "_r", "_r": "_l"}
    lower = [name.lower() for name in names]

    def mirror(name: str) -> str:
        for end, other in swap.items():
            if name.endswith(end):
                return name[: -len(end)] + other
        return name

    return [lower.index(mirror(name)) for name in lower]


def batch(rows: Rows, index: np.ndarray, rng: np.random.Generator, strength, unit_flip: list[int]):
    """Random views of `rows[index]`: images uint8 [N, S, S], labels and weights as tensors by name."""
    seen = augment.views(rows.crops[index], rng, strength)
    labels = {name: values[index].copy() for name, values in rows.labels.items()}
    weights = {name: values[index].copy() for name, values in rows.weights.items()}
    flipped = seen.flipped
    for name, order in (("landmarks", LANDMARK_FLIP), ("five", FIVE_FLIP)):
        if name in labels:
            points = augment.move(labels[name], seen.matrix)
            points[flipped] = points[flipped][:, order]
            labels[name] = points.astype(np.float32)
    for name, order in (("action_units", unit_flip), ("visibility", LANDMARK_FLIP)):
        if name in labels:
            labels[name][flipped] = labels[name][flipped][:, order]
    if "pose" in labels:
        labels["pose"] = turn(labels["pose"], seen.matrix, flipped) / POSE_UNIT
    if "quality" in labels:
        kept = (1 - seen.degraded) * np.clip(1 - 2 * seen.covered, 0, 1)
        labels["quality"] = faces_over(FACE, labels["quality"], kept)
    tensors = ({k: torch.from_numpy(np.ascontiguousarray(v, np.float32)) for k, v in d.items()} for d in (labels, weights))
    return torch.from_numpy(seen.images), *tensors


def faces_over(floor: float, quality: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """Quality [N] of views that kept a part `kept` of it: from `floor` to 1 for faces; 0 stays 0."""
    return np.where(quality > 0, floor + (1 - floor) * quality * kept, 0).astype(np.float32)


def turn(pose: np.ndarray, matrix: np.ndarray, flipped: np.ndarray) -> np.ndarray:
    """Pose [N, 3] (yaw, pitch, roll in degrees) after the views' similarity [N, 2, 3]: roll turns along, flips negate."""
    sign = np.where(flipped, -1.0, 1.0)
    angle = np.rad2deg(np.arctan2(matrix[:, 1, 0] * sign, matrix[:, 0, 0] * sign))
    return np.stack([pose[:, 0] * sign, pose[:, 1], pose[:, 2] * sign + angle], 1)


def merge(parts: list[tuple[Tensor, dict, dict]], sizes: dict[str, tuple[int, ...]]):
    """One batch of several; a label that a part lacks gets weight 0."""
    images = torch.cat([p[0] for p in parts])
    labels, weights = {}, {}
    for name, size in sizes.items():
        none = lambda images, *shape: torch.zeros(len(images), *shape, device=images.device)
        labels[name] = torch.cat([p[1].get(name, none(p[0], *size)) for p in parts])
        weights[name] = torch.cat([p[2].get(name, none(p[0])) for p in parts])
    return images, labels, weights
