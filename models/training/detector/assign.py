"""Which candidates are to find which face: task-aligned assignment.

Feng et al., "TOOD: Task-aligned One-stage Object Detection" (2021): each face takes the candidates whose
score and overlap together are best; they are taught to score the better, the more they overlap.
"""

from __future__ import annotations

from typing import NamedTuple

import torch

from .canvas import FACE, IGNORE

TAKEN = 9  # candidates per face
SCORE_POWER, IOU_POWER = 0.5, 4.0
GOOD = 0.5  # a candidate that overlaps a face so much is no false face, and suppression deals with it
SHARPNESS = 0.5  # of the score to learn; 1 would make it the overlap itself, which leaves little room above non-faces
SIZES = (1.0, 10.0)  # faces that a stride may take, in strides; the finest and coarsest have no lower, upper bound


class Assignment(NamedTuple):
    """`target` [B, A]: the score to learn, 0 for none; `face` [B, A]: index of the face; `ignored` [B, A]."""

    target: torch.Tensor
    face: torch.Tensor
    ignored: torch.Tensor


def pairwise_iou(faces: torch.Tensor, boxes: torch.Tensor) -> torch.Tensor:
    """Intersection over union [B, G, A] of [B, G, 4] and [B, A, 4]."""
    a, b = faces[:, :, None], boxes[:, None]
    common = (torch.minimum(a[..., 2:], b[..., 2:]) - torch.maximum(a[..., :2], b[..., :2])).clamp(min=0).prod(-1)
    areas = [(x[..., 2:] - x[..., :2]).clamp(min=0).prod(-1) for x in (a, b)]
    return common / (areas[0] + areas[1] - common).clamp(min=1e-6)


@torch.no_grad()
def assign(
    scores: torch.Tensor,
    boxes: torch.Tensor,
    centres: torch.Tensor,
    strides: torch.Tensor,
    faces: torch.Tensor,
    kinds: torch.Tensor,
) -> Assignment:
    """Candidates' `scores` [B, A] and `boxes` [B, A, 4] against `faces` [B, G, 4] with `kinds` [B, G]."""
    iou = pairwise_iou(faces, boxes)
    allowed = eligible(centres, strides, faces) & (kinds == FACE)[..., None]
    metric = (scores[:, None].clamp(min=1e-4) ** SCORE_POWER * (iou + 1e-3) ** IOU_POWER) * allowed
    best = metric.topk(min(TAKEN, metric.shape[-1]), -1)
    taken = torch.zeros_like(metric).scatter_(-1, best.indices, best.values)
    # A candidate that two faces want goes to the one it overlaps more.
    face = torch.where(taken > 0, iou + 1e-3, torch.zeros_like(iou)).argmax(1)
    own = torch.zeros_like(taken, dtype=torch.bool).scatter_(1, face[:, None], True)
    taken = taken * own
    peak = taken.amax(-1, keepdim=True).clamp(min=1e-12)
    reach = (iou * (taken > 0)).amax(-1, keepdim=True)
    target = (taken / peak * reach).amax(1) ** SHARPNESS
    good = (iou * (kinds == FACE)[..., None]).amax(1) >= GOOD
    return Assignment(target, face, (in_doubt(centres, faces, kinds) | good) & (target == 0))


def eligible(centres: torch.Tensor, strides: torch.Tensor, faces: torch.Tensor) -> torch.Tensor:
    """[B, G, A]: the candidate's centre is near the middle of the face and its stride suits the face's size."""
    middle = (faces[..., :2] + faces[..., 2:]) / 2
    half = (faces[..., 2:] - faces[..., :2]) / 2
    reach = torch.maximum(half[:, :, None] * 0.6, strides[None, None, :, None] * 0.75)
    near = ((centres - middle[:, :, None]).abs() <= reach).all(-1)
    size = (half * 2).amax(-1)[..., None] / strides
    fine = (size >= SIZES[0]) | (strides == strides.min())
    coarse = (size <= SIZES[1]) | (strides == strides.max())
    return near & fine & coarse


def in_doubt(centres: torch.Tensor, faces: torch.Tensor, kinds: torch.Tensor) -> torch.Tensor:
    """[B, A]: the centre lies in a region where nobody knows whether there is a face."""
    return (within(centres, faces) & (kinds == IGNORE)[..., None]).any(1)


def within(centres: torch.Tensor, faces: torch.Tensor) -> torch.Tensor:
    """[B, G, A]: the candidate's centre lies in the face's box."""
    return (centres >= faces[:, :, None, :2]).all(-1) & (centres <= faces[:, :, None, 2:]).all(-1)
