"""What the detector is punished for."""

from __future__ import annotations

import torch
from torch.nn import functional as F

from .assign import Assignment, assign, within
from .canvas import FACE

NEGATIVE = 1.5  # weight of what is no face
MISSED = 0.6  # how much a face that is not found counts beside a false one
BETA = 0.05  # of the smooth L1 loss on landmarks, in shares of the face's size


def varifocal(logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Zhang et al., "VarifocalNet" (2021): cross-entropy to a soft target; a face counts as much as it overlaps,
    the rest only as far as it is taken for a face."""
    weight = torch.where(target > 0, target, NEGATIVE * logits.detach().sigmoid() ** 2)
    return weight * F.binary_cross_entropy_with_logits(logits, target, reduction="none")


def distance_iou_loss(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """1 - DIoU [P] of boxes [P, 4] (Zheng et al., "Distance-IoU Loss", 2020)."""
    common = (torch.minimum(a[:, 2:], b[:, 2:]) - torch.maximum(a[:, :2], b[:, :2])).clamp(min=0).prod(-1)
    union = sum((x[:, 2:] - x[:, :2]).prod(-1) for x in (a, b)) - common
    hull = torch.maximum(a[:, 2:], b[:, 2:]) - torch.minimum(a[:, :2], b[:, :2])
    distance = ((a[:, :2] + a[:, 2:] - b[:, :2] - b[:, 2:]) / 2).square().sum(-1)
    return 1 - common / union.clamp(min=1e-6) + distance / hull.square().sum(-1).clamp(min=1e-6)


def detection_loss(decoded: tuple, rows: torch.Tensor, weights: tuple[float, float, float]) -> dict:
    """Losses of `decode`'s answer against `rows` [B, G, 15] (box, landmarks, kind; kind 0 fills up), their
    sum by the `weights` of score, box and landmarks, and how `hard` each scene [B] is."""
    boxes, logits, landmarks, centres, strides = decoded
    rows = rows[:, : max(1, int((rows[..., 14] > 0).sum(1).max()))]
    faces, kinds = rows[..., :4], rows[..., 14]
    scores = logits.detach().sigmoid()
    a = assign(scores, boxes, centres, strides, faces, kinds)
    hard = hardness(scores, a, centres, faces, kinds)
    total = a.target.sum().clamp(min=1.0)
    score = (varifocal(logits, a.target) * ~a.ignored).sum() / total
    b, i = a.target.nonzero(as_tuple=True)
    if not len(b):
        zero = (boxes.sum() + landmarks.sum()) * 0
        return {"loss": weights[0] * score + zero, "score": score, "box": zero, "landmark": zero, "hard": hard}
    weight, truth = a.target[b, i], rows[b, a.face[b, i]]
    box = (distance_iou_loss(boxes[b, i], truth[:, :4]) * weight).sum() / total
    size = (truth[:, 2:4] - truth[:, :2]).amax(-1).clamp(min=4)[:, None]
    off = (landmarks[b, i].flatten(1) - truth[:, 4:14]) / size
    point = (F.smooth_l1_loss(off, torch.zeros_like(off), beta=BETA, reduction="none").mean(-1) * weight).sum() / total
    loss = weights[0] * score + weights[1] * box + weights[2] * point
    return {"loss": loss, "score": score, "box": box, "landmark": point, "hard": hard}


@torch.no_grad()
def hardness(scores: torch.Tensor, a: Assignment, centres: torch.Tensor, faces: torch.Tensor, kinds: torch.Tensor):
    """[B], 0 to 1: the best score of `scores` [B, A] outside of all `faces` [B, G, 4], or how little of the worst
    face was seen."""
    known = (within(centres, faces) & (kinds > 0)[..., None]).any(1)
    false = (scores * ~known).amax(1)
    seen = torch.zeros_like(kinds).scatter_reduce(1, a.face, scores * (a.target > 0), "amax")
    missed = torch.where(kinds == FACE, 1 - seen, torch.zeros_like(seen)).amax(1)
    return torch.maximum(false, MISSED * missed)
