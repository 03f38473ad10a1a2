"""Geometry of boxes and landmarks, in pixels; boxes are x1, y1, x2, y2."""

from __future__ import annotations

import numpy as np

FLIPPED = [1, 0, 2, 4, 3]  # where each landmark's name goes when the picture is mirrored


def area(boxes: np.ndarray) -> np.ndarray:
    """Areas [...] of boxes [..., 4]; an inverted box has none."""
    return np.maximum(boxes[..., 2] - boxes[..., 0], 0) * np.maximum(boxes[..., 3] - boxes[..., 1], 0)


def intersection(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Common areas [P, Q] of boxes [P, 4] and [Q, 4]."""
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    return np.prod(np.maximum(high - low, 0), -1)


def iou(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Intersection over union [P, Q] of boxes [P, 4] and [Q, 4]."""
    common = intersection(a, b)
    return common / np.maximum(area(a)[:, None] + area(b)[None] - common, 1e-9)


def suppress(boxes: np.ndarray, scores: np.ndarray, threshold: float) -> np.ndarray:
    """Greedy non-maximum suppression: indices of the kept boxes, best first."""
    order, kept = np.argsort(-scores, kind="stable"), []
    while len(order):
        best, order = order[0], order[1:]
        kept.append(best)
        order = order[iou(boxes[best : best + 1], boxes[order])[0] <= threshold]
    return np.asarray(kept, np.int64)


def stretched(matrix: np.ndarray, factors: np.ndarray, fixed: np.ndarray) -> np.ndarray:
    """The affine `matrix` [2, 3] after a stretch by `factors` (across, down) that leaves the point `fixed` [2] where it was."""
    linear = matrix[:, :2] * factors
    return np.column_stack([linear, matrix[:, :2] @ fixed + matrix[:, 2] - linear @ fixed])


def transform(matrix: np.ndarray, boxes: np.ndarray, five: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Map boxes [F, 4] and landmarks [F, 5, 2] by an affine [2, 3].

    A turned face is not as large as its turned box: the ellipse inside the box is turned, and boxed again.
    """
    linear = matrix[:, :2]
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2 @ linear.T + matrix[:, 2]
    half = (boxes[:, 2:] - boxes[:, :2]) / 2
    half = np.sqrt((half**2) @ (linear.T**2))
    points = five @ linear.T + matrix[:, 2]
    if np.linalg.det(linear) < 0:
        points = points[:, FLIPPED]
    return np.concatenate([middle - half, middle + half], 1), points


def similarity(scale: float, degrees: float, mirror: bool, source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Affine [2, 3]: mirror, turn and scale about `source` [2], which lands on `target` [2]."""
    angle = np.deg2rad(degrees)
    linear = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    if mirror:
        linear = linear @ np.diag([-1.0, 1.0])
    return np.hstack([linear, (np.asarray(target) - linear @ np.asarray(source))[:, None]])
