"""What cameras, codecs and thumbnails do to a picture."""

from __future__ import annotations

import cv2
import numpy as np

SCALINGS = (cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_AREA, cv2.INTER_NEAREST)


def degrade(rng, gray: np.ndarray):
    """Degrade gray uint8 [S, S] at random.

    Returns the picture and `blur`: the standard deviation, in pixels, of the blur that was added in all
    (optics, motion and the loss of resolution).
    """
    size = gray.shape[0]
    variance = 0.0
    if rng.random() < 0.3:
        sigma = rng.uniform(0.3, 1.1) if rng.random() < 0.85 else rng.uniform(1.1, 3)
        gray = cv2.GaussianBlur(gray, (0, 0), sigma)
        variance += sigma**2
    if rng.random() < 0.05:
        length = rng.uniform(2, 8)
        gray = _motion(gray, length, rng.uniform(0, np.pi))
        variance += length**2 / 12
    if rng.random() < 0.5:
        factor = rng.uniform(1, 2.6)
        small = max(16, int(round(size / factor)))
        reduced = cv2.resize(gray, (small, small), interpolation=cv2.INTER_AREA)
        gray = cv2.resize(reduced, (size, size), interpolation=int(rng.choice(SCALINGS[:2])))
        variance += (size / small) ** 2 / 6 - 1 / 6
    gray = _tone(rng, gray)
    if rng.random() < 0.5:
        sigma = abs(rng.normal(0, 4))
        gray = (gray + rng.normal(0, sigma, gray.shape)).clip(0, 255).astype(np.uint8)
    if rng.random() < 0.5:
        quality = int(rng.integers(25, 95))
        packed = cv2.imencode(".jpg", gray, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        gray = cv2.imdecode(packed, cv2.IMREAD_GRAYSCALE)
    return gray, np.float32(np.sqrt(max(variance, 0)))


def _motion(gray, length, angle):
    side = int(np.ceil(length)) | 1
    kernel = np.zeros((side, side), np.float32)
    half = (side - 1) / 2
    dx, dy = np.cos(angle) * length / 2, np.sin(angle) * length / 2
    start, end = (int(round((half - dx) * 16)), int(round((half - dy) * 16))), (
        int(round((half + dx) * 16)), int(round((half + dy) * 16)))  # fmt: skip
    cv2.line(kernel, start, end, 1.0, 1, cv2.LINE_AA, 4)
    return cv2.filter2D(gray, -1, kernel / max(kernel.sum(), 1e-3))


def _tone(rng, gray):
    """Contrast, brightness and gamma by one table."""
    steps = np.linspace(0, 1, 256)
    gamma = np.exp(rng.normal(0, 0.2))
    contrast = np.exp(rng.normal(0.12, 0.18))
    bright = rng.normal(0, 0.05)
    if rng.random() < 0.04:
        bright, contrast = bright - 0.05, contrast * rng.uniform(0.2, 0.6)
    table = (steps**gamma - 0.45) * contrast + 0.45 + bright
    if rng.random() < 0.04:
        table = table * rng.uniform(0.2, 0.6)
    return cv2.LUT(gray, (table * 255 + 0.5).clip(0, 255).astype(np.uint8))
