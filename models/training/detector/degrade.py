"""What cameras and codecs do to a scene: light, blur, noise, compression. All on uint8 [S, S]."""

from __future__ import annotations

import cv2
import numpy as np

NOISE = np.random.default_rng(1).standard_normal((1 << 20,)).astype(np.float32)


def degrade(gray: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A random chain; a fourth of the scenes stays clean."""
    if rng.random() < 0.2:
        return gray
    for step, chance in ((light, 0.6), (soften, 0.35), (add_noise, 0.3), (compress, 0.5)):
        if rng.random() < chance:
            gray = step(gray, rng)
    return gray


def light(gray: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Gamma, contrast, brightness and a slope of light across the picture."""
    x = np.arange(256, dtype=np.float32) / 255
    x = x ** np.exp(rng.normal(0, 0.35))
    low, high = rng.uniform(0, 0.25), rng.uniform(0.6, 1.05)
    if rng.random() < 0.35:  # dark rooms, and cameras that show little contrast
        low = rng.uniform(0, 0.4) * (rng.random() < 0.6)
        high = low + rng.uniform(0.18, 0.5)
    gray = cv2.LUT(gray, ((low + (high - low) * x).clip(0, 1) * 255).astype(np.uint8))
    if rng.random() < 0.3:
        size = gray.shape[0]
        slope = np.linspace(rng.uniform(0.4, 1), rng.uniform(0.7, 1.2), size, dtype=np.float32)
        slope = slope[None] if rng.random() < 0.5 else slope[:, None]
        gray = (gray * slope).clip(0, 255).astype(np.uint8)
    return gray


def soften(gray: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Defocus, a lower resolution, or motion."""
    kind, size = rng.integers(3), gray.shape[0]
    if kind == 0:
        return cv2.GaussianBlur(gray, (0, 0), rng.uniform(0.4, 1.3))
    if kind == 1:
        small = int(size * rng.uniform(0.35, 0.9))
        return cv2.resize(cv2.resize(gray, (small, small), interpolation=cv2.INTER_AREA), (size, size))
    length = int(rng.integers(2, 6))
    kernel = np.zeros((7, 7), np.float32)
    angle = rng.uniform(0, np.pi)
    for t in np.linspace(-length / 2, length / 2, 15):
        kernel[int(round(3 + t * np.sin(angle))), int(round(3 + t * np.cos(angle)))] += 1
    return cv2.filter2D(gray, -1, kernel / kernel.sum())


def add_noise(gray: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Sensor noise, fine or two pixels wide."""
    size, strength = gray.shape[0], rng.uniform(1, 10)
    start = int(rng.integers(len(NOISE) - size * size))
    noise = NOISE[start : start + size * size].reshape(size, size)
    if rng.random() < 0.3:
        noise = cv2.resize(noise[: size // 2, : size // 2], (size, size))
    return (gray + strength * noise).clip(0, 255).astype(np.uint8)


def compress(gray: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """JPEG at a random quality."""
    data = cv2.imencode(".jpg", gray, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 90))])[1]
    return cv2.imdecode(data, cv2.IMREAD_GRAYSCALE)
