"""What the detector is punished for."""

from __future__ import annotations

import torch
from torch.nn import functional as F

from .assign import assign

BETA = 0.05  # of the smooth L1 loss on landmarks, in shares of the face's size


def quality_focal(logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Li et al., "Generalized Focal Loss" (2020): cross-entropy to a soft target, weighted by the error squared."""
    weight = (logits.detach().sigmoid() - target).abs() ** 2
    return weight * F.binary_cross_entropy_with_logits(logits, target, reduction="none")


def distance_iou_loss(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """1 - DIoU [P] of boxes [P, 4] (Zheng et al., "Distance-IoU Loss", 2020)."""
    common = (torch.minimum(a[:, 2:], b[:, 2:]) - torch.maximum(a[:, :2], b[:, :2])).clamp(min=0).prod(-1)
    union = sum((x[:, 2:] - x[:, :2]).prod(-1) for x in (a, b)) - common
    hull = torch.maximum(a[:, 2:], b[:, 2:]) - torch.minimum(a[:, :2], b[:, :2])
    distance = ((a[:, :2] + a[:, 2:] - b[:, :2] - b[:, 2:]) / 2).square().sum(-1)
    return 1 - common / union.clamp(min=1e-6) + distance / hull.square().sum(-1).clamp(min=1e-6)


def detection_loss(decoded: tuple, rows: torch.Tensor, box_weight: float, landmark_weight: float) -> dict:
    """Losses of `decode`'s answer against `rows` [B, G, 15] (box, landmarks, kind; kind 0 fills up)."""
    boxes, logits, landmarks, centres, strides = decoded
    rows = rows[:, : max(1, int((rows[..., 14] > 0).sum(1).max()))]
    faces, kinds = rows[..., :4], rows[..., 14]
    a = assign(logits.sigmoid(), boxes, centres, strides, faces, kinds)
    total = a.target.sum().clamp(min=1.0)
    score = (quality_focal(logits, a.target) * ~a.ignored).sum() / total
    b, i = a.target.nonzero(as_tuple=True)
    if not len(b):
        zero = (boxes.sum() + landmarks.sum()) * 0
        return {"loss": score + zero, "score": score.detach(), "box": zero.detach(), "landmark": zero.detach()}
    weight, truth = a.target[b, i], rows[b, a.face[b, i]]
    box = (distance_iou_loss(boxes[b, i], truth[:, :4]) * weight).sum() / total
    size = (truth[:, 2:4] - truth[:, :2]).amax(-1).clamp(min=4)[:, None]
    off = (landmarks[b, i].flatten(1) - truth[:, 4:14]) / size
    point = (F.smooth_l1_loss(off, torch.zeros_like(off), beta=BETA, reduction="none").mean(-1) * weight).sum() / total
    loss = score + box_weight * box + landmark_weight * point
    return {"loss": loss, "score": score.detach(), "box": box.detach(), "landmark": point.detach()}
