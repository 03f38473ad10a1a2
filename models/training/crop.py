"""The face crop that every network sees, in training and in the server.

Five landmarks (right eye, left eye, nose tip, right and left mouth corner, named as seen in the picture
from left to right) are brought onto a fixed template by the least-squares similarity (Umeyama, 1991,
"Least-Squares Estimation of Transformation Parameters Between Two Point Patterns", without reflection).
Each crop pixel is the mean of k x k bilinear samples spread evenly over its footprint, with
k = clamp(ceil(source pixels per crop pixel / 1.5), 1, 8); pixels outside the picture repeat its border.
A bilinear sample reaches two source pixels far, so samples up to one and a half apart skip none.
"""

from __future__ import annotations

import numpy as np
from numba import njit

MAX_SUPERSAMPLING = 8
APART = 1.5  # source pixels from one sample to the next, at most


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
    k = int(min(MAX_SUPERSAMPLING, max(1, np.ceil(scale / APART))))
    return _sample(np.ascontiguousarray(image), back, size, k)


@njit(cache=True)
def _sample(image: np.ndarray, back: np.ndarray, size: int, k: int) -> np.ndarray:
    """Mean of k x k bilinear samples per crop pixel; `back` [2, 3] maps the crop to the picture."""
    height, width = image.shape
    out = np.empty((size, size), np.uint8)
    for row in range(size):
        for column in range(size):
            total = 0.0
            for i in range(k):
                cy = row + (i + 0.5) / k
                for j in range(k):
                    cx = column + (j + 0.5) / k
                    x = back[0, 0] * cx + back[0, 1] * cy + back[0, 2] - 0.5
                    y = back[1, 0] * cx + back[1, 1] * cy + back[1, 2] - 0.5
                    x = min(max(x, 0.0), width - 1.0)
                    y = min(max(y, 0.0), height - 1.0)
                    x0 = min(int(x), max(width - 2, 0))
                    y0 = min(int(y), max(height - 2, 0))
                    x1, y1 = min(x0 + 1, width - 1), min(y0 + 1, height - 1)
                    fx, fy = x - x0, y - y0
                    top = image[y0, x0] * (1 - fx) + image[y0, x1] * fx
                    bottom = image[y1, x0] * (1 - fx) + image[y1, x1] * fx
                    total += top * (1 - fy) + bottom * fy
            out[row, column] = np.uint8(np.floor(total / (k * k) + 0.5))
    return out
