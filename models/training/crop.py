"""The face crop that every network sees, in training and in the server.

Five landmarks (right eye, left eye, nose tip, right and left mouth corner, named as seen in the picture
from left to right) are brought onto a fixed template by the least-squares similarity (Umeyama, 1991,
"Least-Squares Estimation of Transformation Parameters Between Two Point Patterns", without reflection).
Each crop pixel is the mean of k x k bilinear samples spread evenly over its footprint, with
k = clamp(round(source pixels per crop pixel), 1, 8); pixels outside the picture repeat its border.
"""

from __future__ import annotations

import numpy as np

MAX_SUPERSAMPLING = 8


def similarity(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Least-squares similarity that maps `source` [P, 2] onto `target` [P, 2], as a [2, 3] matrix."""
    source = np.asarray(source, np.float64)
    target = np.asarray(target, np.float64)
    source_mean, target_mean = source.mean(0), target.mean(0)
    s, t = source - source_mean, target - target_mean
    # In the plane, the rotation with scale [[a, -b], [b, a]] has a closed form.
    spread = (s**2).sum()
    if spread == 0:
        raise ValueError("similarity needs at least two distinct source points")
    a = (s * t).sum() / spread
    b = (s[:, 0] * t[:, 1] - s[:, 1] * t[:, 0]).sum() / spread
    linear = np.array([[a, -b], [b, a]])
    return np.hstack([linear, (target_mean - linear @ source_mean)[:, None]])


def invert(matrix: np.ndarray) -> np.ndarray:
    """Inverse of a [2, 3] affine matrix, as a [2, 3] matrix."""
    linear = np.linalg.inv(matrix[:, :2])
    return np.hstack([linear, -linear @ matrix[:, 2:]])


def apply(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Map `points` [..., 2] by a [2, 3] affine matrix."""
    return points @ matrix[:, :2].T + matrix[:, 2]


def cut(image: np.ndarray, matrix: np.ndarray, size: int) -> np.ndarray:
    """Cut a uint8 [size, size] crop out of `image` uint8 [H, W].

    `matrix` [2, 3] maps picture coordinates to crop coordinates; in both, pixel (0, 0) covers the unit
    square whose centre is (0.5, 0.5).
    """
    back = invert(matrix)
    scale = float(np.hypot(back[0, 0], back[1, 0]))
    k = int(min(MAX_SUPERSAMPLING, max(1, np.floor(scale + 0.5))))
    steps = (np.arange(size * k) + 0.5) / k
    x, y = np.meshgrid(steps, steps)
    samples = apply(back, np.stack([x, y], -1))
    values = _bilinear(image, samples[..., 0] - 0.5, samples[..., 1] - 0.5)
    means = values.reshape(size, k, size, k).mean((1, 3))
    return np.floor(means + 0.5).astype(np.uint8)


def _bilinear(image: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    height, width = image.shape
    x = np.clip(x, 0, width - 1)
    y = np.clip(y, 0, height - 1)
    x0 = np.minimum(np.floor(x).astype(np.int64), max(width - 2, 0))
    y0 = np.minimum(np.floor(y).astype(np.int64), max(height - 2, 0))
    x1, y1 = np.minimum(x0 + 1, width - 1), np.minimum(y0 + 1, height - 1)
    fx, fy = x - x0, y - y0
    pixels = image.astype(np.float64)
    top = pixels[y0, x0] * (1 - fx) + pixels[y0, x1] * fx
    bottom = pixels[y1, x0] * (1 - fx) + pixels[y1, x1] * fx
    return top * (1 - fy) + bottom * fy
