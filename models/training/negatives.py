"""Pictures without labels of expression: real photos that teach what a face is, and what is none.

Faces are the photos of `faces.tar` with the teacher's five points. No faces are: random squares of the
backgrounds, what our own detector takes for a face there, and crops beside a face, far too wide or too narrow.
Only the training share of both is used (`detector/sources.py`).
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import cv2
import numpy as np

from . import crop
from .data import MARGIN, SIZE, STORED, cache_folder
from .faces import fingerprint, open_candidates
from .rows import Rows
from .splits import split
from .synthetic import quality_of

SURE, DOUBTFUL = 0.75, 0.3  # the teacher's score of a face, and of what must not be called none
FALSE = 0.15  # score from which what the detector finds counts as a false face
HELD_OUT = "held-out"  # the detector's name of that share
MOST = 2  # false faces of one view of a picture, the surest first
WIDTH = 2.1  # of a face, in distances of its eyes
MASKED = 0.4  # part of a face that a mask hides
WEIGHT = 3.0  # of a row that shows no face


def other_rows(template, detector: Path, data: Path) -> Rows:
    """Photos with five points and quality, and rows of quality 0; kept in the cache."""
    key = hashlib.sha256(fingerprint(detector) + np.asarray(template, "<f4").tobytes()).hexdigest()[:12]
    path = cache_folder() / f"other_{key}.npz"
    if not path.exists():
        found = collect(np.asarray(template), detector, data, held=False)
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_suffix(f".{os.getpid()}.npz")
        np.savez(temporary, **found)
        temporary.rename(path)
    with np.load(path) as z:
        return labelled({name: z[name] for name in z.files})


def labelled(z: dict[str, np.ndarray]) -> Rows:
    """Rows of what `collect` found."""
    nothing = np.concatenate([z[name] for name in ("squares", "mistaken", "beside")])
    crops = np.concatenate([z["photos"], nothing])
    blank = np.zeros(len(nothing), np.float32)
    five = np.concatenate([z["five"], np.zeros((len(nothing), 5, 2), np.float32)])
    quality = np.concatenate([z["quality"], blank])
    weights = {"five": np.concatenate([np.full(len(z["photos"]), 0.5, np.float32), blank])}
    weights["quality"] = np.where(quality > 0, 1.0, WEIGHT).astype(np.float32)
    return Rows(crops, {"five": five, "quality": quality}, weights)


def collect(template: np.ndarray, detector: Path, data: Path, held: bool) -> dict[str, np.ndarray]:
    """Crops uint8 [N, STORED, STORED] by what they show, of the held-out or the training share; `five` and
    `quality` belong to `photos`."""
    cv2.setNumThreads(1)
    rng = np.random.default_rng(5 + held)
    target = template * SIZE + MARGIN
    backgrounds, photos = (pictures(kind, data, held) for kind in ("backgrounds", "faces"))
    found = {"photos": [], "five": [], "quality": [], "beside": []}
    for picture in photos:
        for face in picture.faces[picture.faces[:, 14] >= SURE]:
            points = face[4:14].reshape(5, 2).astype(np.float64)
            matrix = crop.similarity(points, target)
            found["photos"].append(crop.cut(picture.gray, matrix, STORED))
            found["five"].append(crop.apply(matrix, points))
            found["quality"].append(quality(points, picture.name))
            found["beside"].append(crop.cut(picture.gray, crop.similarity(off_face_points(points, rng), target), STORED))
    candidates = open_candidates(detector, FALSE)
    squares = [s for p in backgrounds for s in random_squares(p, rng)]
    mistaken = [m for p in backgrounds for m in false_faces(p, target, candidates)]
    arrays = {name: np.asarray(v, np.float32) if name in ("five", "quality") else np.stack(v) for name, v in found.items()}
    return arrays | {"squares": np.stack(squares), "mistaken": np.stack(mistaken)}


def pictures(kind: str, data: Path, held: bool) -> list:
    """Labelled gray pictures of `faces` or `backgrounds`: those held out, or those that training may see."""
    from .detector import sources

    if not held:
        return sources.load(kind, data)
    colour = sources.read_tar(data / f"{kind}.tar")
    labels = sources.label(kind, list(colour.values()), data)
    grays = [cv2.cvtColor(c, cv2.COLOR_BGR2GRAY) for c in colour.values()]
    rows = [sources.Picture(gray, faces, name=name) for gray, faces, name in zip(grays, labels, colour)]
    return [picture for picture in rows if split(kind, picture.name) == HELD_OUT]


def quality(points: np.ndarray, name: str) -> float:
    """Of a photo by its size and whether its name tells of a mask."""
    eyes = np.linalg.norm(points[0] - points[1])
    return float(quality_of(0.0, WIDTH * eyes, MASKED * name.startswith("with_mask"), 0.0))


def off_face_points(points: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Five points moved so far from those of a face that the crop shows none: beside it, or much too wide or narrow."""
    middle, eyes = points.mean(0), max(np.linalg.norm(points[0] - points[1]), 4.0)
    turn = rng.uniform(0, 2 * np.pi)
    away = np.array([np.cos(turn), np.sin(turn)]) * eyes / 0.366
    if rng.random() < 0.6:
        return middle + (points - middle) * np.exp(rng.uniform(-0.4, 0.4)) + away * rng.uniform(0.6, 1.1)
    factor = rng.uniform(2.8, 4.5) if rng.random() < 0.5 else rng.uniform(0.15, 0.3)
    return middle + (points - middle) * factor + away * rng.uniform(0, 0.3)


def random_squares(picture, rng: np.random.Generator, count: int = 6) -> list[np.ndarray]:
    """Crops of squares anywhere in a background, as far as the teacher sees no face in them."""
    height, width = picture.gray.shape
    crops = []
    for _ in range(count):
        side = np.exp(rng.uniform(np.log(20), np.log(min(height, width))))
        corner = rng.uniform(0, 1, 2) * [width - side, height - side]
        matrix = crop.similarity(corner + np.array([[0, 0], [side, 0], [0, side]]), np.array([[0, 0], [SIZE, 0], [0, SIZE]]) + MARGIN)
        if not shows_face(picture, matrix):
            crops.append(crop.cut(picture.gray, matrix, STORED))
    return crops


def false_faces(picture, target: np.ndarray, candidates, scales=(1.0, 2.0), turns: int = 4) -> list[np.ndarray]:
    """Crops of what the detector takes for faces in a background, upright and turned, where the teacher sees none."""
    crops = []
    for scale in scales:
        for quarters in range(turns):
            image = np.ascontiguousarray(np.rot90(cv2.resize(picture.gray, None, fx=scale, fy=scale), quarters))
            for points in candidates(image)[:MOST]:
                matrix = crop.similarity(points.astype(np.float64), target)
                if quarters or not shows_face(picture, matrix, scale):
                    crops.append(crop.cut(image, matrix, STORED))
    return crops


def shows_face(picture, matrix: np.ndarray, scale: float = 1.0) -> bool:
    """Whether the teacher sees a face in what `matrix` (of the picture enlarged by `scale`) brings into the crop."""
    faces = picture.faces[picture.faces[:, 14] >= DOUBTFUL, 4:14].reshape(-1, 2) * scale
    seen = crop.apply(matrix, faces)
    return bool(((seen > 0) & (seen < STORED)).all(1).any())
