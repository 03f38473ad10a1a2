"""FER+ faces as a user's pictures may show them: blurred by movement, compressed, dark, cut tight. What is measured on clean
pictures alone says little of these (Ovadia et al., 2019, "Can You Trust Your Model's Uncertainty?")."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from .augment import degrade, relight

TIGHT = 0.75  # of the picture's side that a tight cut leaves


def film_blurred(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Moved while the shutter was open, by 4 to 8 of 48 px, in any direction."""
    length, turn = rng.uniform(4, 8) * len(image) / 48, rng.uniform(0, np.pi)
    reach = int(np.ceil(length / 2))
    kernel = np.zeros((2 * reach + 1, 2 * reach + 1), np.float32)
    for step in np.linspace(-length / 2, length / 2, 33):
        kernel[int(round(reach + step * np.sin(turn))), int(round(reach + step * np.cos(turn)))] += 1
    return cv2.filter2D(image, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REPLICATE)


def compressed(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """JPEG of quality 5 to 20 at twice the size: blocks of 4 px of the picture, as in a low-rate video."""
    height, width = image.shape
    large = cv2.resize(image, (2 * width, 2 * height), interpolation=cv2.INTER_CUBIC)
    packed = cv2.imencode(".jpg", large, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(5, 21))])[1]
    return cv2.resize(cv2.imdecode(packed, cv2.IMREAD_GRAYSCALE), (width, height), interpolation=cv2.INTER_AREA)


def dark(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A tenth to a third of the light, with the noise that a camera then has."""
    level = image * rng.uniform(0.1, 0.33)
    return np.clip(level + rng.standard_normal(image.shape) * np.sqrt(2 + 0.15 * level), 0, 255).round().astype(np.uint8)


def tight(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Forehead, chin and ears cut off: three quarters of the sides, from about the middle."""
    height, width = image.shape
    rows, columns = int(TIGHT * height), int(TIGHT * width)
    top, left = (int((side - part) / 2 + rng.integers(-2, 3)) for side, part in ((height, rows), (width, columns)))
    return np.ascontiguousarray(image[top : top + rows, left : left + columns])


# What is judged, and, apart from it, what a calibration may be fitted on: training's own degradations.
JUDGED: dict[str, Callable] = {"filmBlur": film_blurred, "compressed": compressed, "dark": dark, "tight": tight}


def degraded(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Light and camera as training's augmentation makes them worse, always."""
    size = len(image)
    worse, _ = degrade(cv2.resize(relight(image, rng), (48, 48)), rng)
    return cv2.resize(worse, (size, size))


def shifted(images: np.ndarray, change: Callable, seed: int = 0) -> np.ndarray:
    """Each of `images` uint8 [N, h, w] changed by `change` with numbers of its own, the same for the same seed."""
    return np.stack([change(image, np.random.default_rng([seed, number])) for number, image in enumerate(images)])
