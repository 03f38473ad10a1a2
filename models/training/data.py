"""FER+ as the networks see it: faces found in the enlarged picture and cut by the card's crop rule."""

from __future__ import annotations

import hashlib
import os
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import cv2
import numpy as np

from . import crop
from .faces import fingerprint, open_detector
from .layout import BORDER, ENLARGE, LABELS, MARGIN, SIZE, STORED, centre, majority, protocol, repeated  # noqa: F401, some for those who ask here

FORMAT = 2  # of the cached crops: another one is made again
DATA = Path(os.environ.get("MIEN_DATA", Path(__file__).parents[3] / "shared" / "data"))


def cache_folder() -> Path:
    """Where what can be computed again is kept."""
    return Path(os.environ.get("MIEN_CACHE", Path(__file__).parent / "cache"))


def load_ferplus(paths: list[Path]) -> tuple[np.ndarray, np.ndarray]:
    """Images uint8 [N, 48, 48] and votes uint8 [N, 10] of one or more files, concatenated."""
    files = [np.load(path) for path in paths]
    return np.concatenate([f["images"] for f in files]), np.concatenate([f["votes"] for f in files])


def enlarge(image: np.ndarray) -> np.ndarray:
    """A small picture uint8 [h, w] as the detector gets it: enlarged by `ENLARGE`, its border repeated."""
    height, width = image.shape
    big = cv2.resize(image, (width * ENLARGE, height * ENLARGE), interpolation=cv2.INTER_CUBIC)
    return cv2.copyMakeBorder(big, BORDER, BORDER, BORDER, BORDER, cv2.BORDER_REPLICATE)


def find_points(images: np.ndarray, detector: Path, workers: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """Five points float32 [N, 5, 2] in px of the enlarged pictures of `images` [N, h, w]; found bool [N]."""
    parts = np.array_split(images, max(1, len(images) // 500))
    with ProcessPoolExecutor(workers) as pool:
        results = list(pool.map(_find, parts, [detector] * len(parts)))
    return np.concatenate([r[0] for r in results]), np.concatenate([r[1] for r in results])


def _find(images: np.ndarray, detector: Path) -> tuple[np.ndarray, np.ndarray]:
    detect = open_detector(detector)
    points = np.zeros((len(images), 5, 2), np.float32)
    found = np.zeros(len(images), bool)
    for i, image in enumerate(images):
        face = detect(enlarge(image))
        if face is not None:
            points[i], found[i] = face, True
    return points, found


def default_points(template: np.ndarray, height: int, width: int) -> np.ndarray:
    """Where the five points lie, in px of the enlarged picture, when the whole picture is one face."""
    return template * [width * ENLARGE, height * ENLARGE] + BORDER


def crop_matrix(image: np.ndarray, five: np.ndarray | None, template, stored: int = STORED) -> np.ndarray:
    """What takes px of the enlarged picture of `image` to px of its stored crop, [2, 3]; the whole picture where there is no
    `five` [5, 2]."""
    five = default_points(np.asarray(template), *image.shape) if five is None else five
    return crop.similarity(five, np.asarray(template) * SIZE + (stored - SIZE) // 2)


def cut_crops(images, points, found, template, stored: int = STORED) -> tuple[np.ndarray, np.ndarray]:
    """Crops uint8 [N, stored, stored] and what took them there, float32 [N, 2, 3] (see `crop_matrix`)."""
    crops = np.empty((len(images), stored, stored), np.uint8)
    matrices = np.empty((len(images), 2, 3), np.float32)
    for i, image in enumerate(images):
        matrix = crop_matrix(image, points[i] if found[i] else None, template, stored)
        crops[i], matrices[i] = crop.cut(enlarge(image), matrix, stored), matrix
    return crops, matrices


def ferplus_crops(split: str, template, detector: Path, data: Path = DATA) -> dict[str, np.ndarray]:
    """Aligned FER+ `train` or `valid`, cached: crops, matrix, five (px of the stored crop), found, votes, of every row."""
    names = ["ferplus_train_0.npz", "ferplus_train_1.npz"] if split == "train" else ["ferplus_valid.npz"]
    key = hashlib.sha256(fingerprint(detector) + np.asarray(template, "<f4").tobytes() + bytes([SIZE, STORED, FORMAT])).hexdigest()[:12]
    path = cache_folder() / f"ferplus_{split}_{key}.npz"
    if not path.exists():
        images, votes = load_ferplus([data / name for name in names])
        points, found = find_points(images, detector)
        crops, matrix = cut_crops(images, points, found, template)
        five = np.stack([crop.apply(m, p) for m, p in zip(matrix, points)]).astype(np.float32)
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_suffix(f".{os.getpid()}.npz")
        np.savez(temporary, crops=crops, matrix=matrix, five=five, found=found, votes=votes)
        temporary.rename(path)
    with np.load(path) as z:
        return {name: z[name] for name in z.files}
