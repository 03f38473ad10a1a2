"""What stands behind a head: crops of natural pictures, plain walls and gradients."""

from __future__ import annotations

import tarfile
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

from ..splits import split


@lru_cache(maxsize=2)
def load(data: str) -> list[np.ndarray]:
    """The pictures of `backgrounds.tar` under the folder `data` that training may use, gray uint8, in the order of their
    names: what is held out stands behind no head, so that it can tell how well faces and backgrounds are told apart."""
    pictures = {}
    with tarfile.open(Path(data) / "backgrounds.tar") as archive:
        for member in archive:
            name = Path(member.name).name
            if member.isfile() and name.lower().endswith((".jpg", ".jpeg", ".png")) and split("backgrounds", name) == "training":
                pixels = np.frombuffer(archive.extractfile(member).read(), np.uint8)
                pictures[member.name] = cv2.imdecode(pixels, cv2.IMREAD_GRAYSCALE)
    return [pictures[name] for name in sorted(pictures) if pictures[name] is not None]


def sample(rng, pictures, size: int) -> np.ndarray:
    """A background gray uint8 [size, size]: a picture's crop (most often), a gradient or a plain tone."""
    draw = rng.random()
    if draw < 0.2:
        tone = rng.choice([rng.uniform(0, 40), rng.uniform(40, 220), rng.uniform(220, 255)])
        return np.full((size, size), tone, np.uint8)
    if draw < 0.35:
        corners = rng.uniform(0, 255, (2, 2)).astype(np.float32)
        return cv2.resize(corners, (size, size), interpolation=cv2.INTER_CUBIC).clip(0, 255).astype(np.uint8)
    picture = pictures[int(rng.integers(len(pictures)))]
    side = int(min(picture.shape) * rng.uniform(0.35, 1))
    top = int(rng.integers(picture.shape[0] - side + 1))
    left = int(rng.integers(picture.shape[1] - side + 1))
    crop = cv2.resize(picture[top : top + side, left : left + side], (size, size), interpolation=cv2.INTER_AREA)
    if rng.random() < 0.5:
        crop = cv2.GaussianBlur(crop, (0, 0), rng.uniform(0.5, 5))
    return crop[:, ::-1] if rng.random() < 0.5 else crop
