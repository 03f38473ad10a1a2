"""Random views of a batch of stored crops, in one pass over the pixels (numba, no copies).

Each view is a similarity jitter (with flip) sampled bilinearly, then light: gamma, contrast, brightness;
then the camera: loss of resolution, blur, noise; then an erased rectangle. Labels move along.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numba import njit

from .layout import MARGIN, SIZE
from .strength import FAR, Strength


@dataclass
class Views:
    """Views uint8 [N, SIZE, SIZE] with what was done to them."""

    images: np.ndarray
    matrix: np.ndarray  # [N, 2, 3], stored-crop px to view px, flip included
    flipped: np.ndarray  # bool [N]
    degraded: np.ndarray  # float32 [N], 0 clean to 1 unusable: resolution lost, blur, noise
    covered: np.ndarray  # float32 [N], part of the view that was erased


def jitter(count: int, rng: np.random.Generator, strength: Strength) -> tuple[np.ndarray, np.ndarray]:
    """Random similarities [N, 2, 3] from stored-crop px to view px, and which of them flip."""
    reach = np.where(rng.random(count) < strength.far, FAR, 1.0)
    angle = np.deg2rad(np.clip(rng.normal(0, 0.5, count), -1, 1) * strength.rotation * reach)
    factor = np.exp(rng.uniform(-strength.scale, strength.scale, count) * reach)
    flipped = rng.random(count) < 0.5
    sign = np.where(flipped, -1.0, 1.0)
    cos, sin = np.cos(angle) * factor, np.sin(angle) * factor
    linear = np.stack([np.stack([cos * sign, -sin], -1), np.stack([sin * sign, cos], -1)], -2)
    middle = np.full(2, SIZE / 2 + MARGIN)
    shift = rng.uniform(-strength.shift, strength.shift, (count, 2)) * reach[:, None] * SIZE
    offset = SIZE / 2 + shift - linear @ middle
    return np.concatenate([linear, offset[:, :, None]], -1), flipped


def views(crops: np.ndarray, rng: np.random.Generator, strength: Strength) -> Views:
    """Random views of `crops` uint8 [N, STORED, STORED]."""
    count = len(crops)
    matrix, flipped = jitter(count, rng, strength)
    inverse = np.linalg.inv(matrix[:, :, :2])
    back = np.concatenate([inverse, -inverse @ matrix[:, :, 2:]], -1)
    images = _warp(crops, back.astype(np.float32), SIZE)
    degraded = np.zeros(count, np.float32)
    covered = np.zeros(count, np.float32)
    for i in range(count):
        if rng.random() < strength.light:
            images[i] = relight(images[i], rng)
        if rng.random() < strength.camera:
            images[i], degraded[i] = degrade(images[i], rng)
        if rng.random() < strength.erase:
            covered[i] = erase(images[i], rng)
    return Views(images, matrix, flipped, degraded, covered)


def relight(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Gamma, contrast and brightness by one lookup table, sometimes a slope of light."""
    level = np.linspace(0, 1, 256, dtype=np.float32) ** np.exp(rng.normal(0, 0.3))
    level = (level - 0.5) * np.exp(rng.normal(0, 0.25)) + 0.5 + rng.normal(0, 0.08)
    return np.clip(level * 255, 0, 255).astype(np.uint8)[image]


def degrade(image: np.ndarray, rng: np.random.Generator, amount: float | None = None) -> tuple[np.ndarray, float]:
    """Lose resolution, blur or add noise; how much of the face is lost is returned, 0 to 1."""
    amount = rng.beta(1.0, 1.6) if amount is None else amount
    kind = rng.integers(3)
    if kind == 0:
        small = max(7, int(round(SIZE * (1 - 0.85 * amount))))
        image = cv2.resize(cv2.resize(image, (small, small), interpolation=cv2.INTER_AREA), (SIZE, SIZE))
    elif kind == 1:
        image = cv2.GaussianBlur(image, (0, 0), 0.3 + 3.2 * amount)
    else:
        noise = rng.standard_normal(image.shape, np.float32) * (45 * amount)
        image = np.clip(image + noise, 0, 255).astype(np.uint8)
    return image, float(amount)


def erase(image: np.ndarray, rng: np.random.Generator) -> float:
    """Cover a random rectangle with one gray or noise, in place; the part of the view covered is returned."""
    height, width = (rng.uniform(0.12, 0.5, 2) * SIZE).astype(int)
    top, left = rng.integers(0, SIZE - height), rng.integers(0, SIZE - width)
    patch = image[top : top + height, left : left + width]
    patch[:] = rng.integers(0, 256, patch.shape) if rng.random() < 0.3 else rng.integers(0, 256)
    return height * width / SIZE**2


def move(points: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Points [N, P, 2] in stored-crop px to points in the views, 0 to 1."""
    return (np.einsum("nij,npj->npi", matrix[:, :, :2], points) + matrix[:, None, :, 2]) / SIZE


@njit(cache=True, fastmath=True)
def _warp(crops: np.ndarray, back: np.ndarray, size: int) -> np.ndarray:
    """Bilinear views of `crops` [N, S, S] through `back` [N, 2, 3] (view px to crop px), border repeated."""
    count, limit = crops.shape[0], crops.shape[1] - 1
    out = np.empty((count, size, size), np.uint8)
    for n in range(count):
        image, m = crops[n], back[n]
        for row in range(size):
            for column in range(size):
                cx, cy = np.float32(column + 0.5), np.float32(row + 0.5)
                x = m[0, 0] * cx + m[0, 1] * cy + m[0, 2] - np.float32(0.5)
                y = m[1, 0] * cx + m[1, 1] * cy + m[1, 2] - np.float32(0.5)
                x = min(max(x, np.float32(0)), np.float32(limit))
                y = min(max(y, np.float32(0)), np.float32(limit))
                x0, y0 = min(int(x), limit - 1), min(int(y), limit - 1)
                fx, fy = x - x0, y - y0
                top = image[y0, x0] * (1 - fx) + image[y0, x0 + 1] * fx
                bottom = image[y0 + 1, x0] * (1 - fx) + image[y0 + 1, x0 + 1] * fx
                out[n, row, column] = np.uint8(top * (1 - fy) + bottom * fy + np.float32(0.5))
    return out
