"""Rendered faces as training rows: cut where the detector finds them, labels carried into the crop."""

from __future__ import annotations

import hashlib
import os
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import cv2
import numpy as np

from . import crop
from .data import MARGIN, SIZE, STORED, cache_folder
from .faces import fingerprint, open_detector
from .rows import Rows

FORMAT = b"2"  # of the cached crops: another one is made again
FAR = 0.25  # of the eye distance; the detector's points are not trusted beyond


def quality_of(blur, scale, covered, yaw) -> np.ndarray:
    """How much a face can be trusted, 0 to 1: the product of its sharpness, size, openness and frontality.

    `blur` is in px of the picture (standard deviation), `scale` the face's width in px, `covered` the hidden
    part of the face, `yaw` in degrees.
    """
    softness = 64.0 * blur / np.maximum(scale, 1.0)  # px in a crop
    sharp = np.clip(1.0 - (softness - 0.7) / 4.0, 0.05, 1)
    large = np.clip(scale / 44.0, 0.05, 1)
    open_part = np.clip(1 - 1.3 * covered, 0.05, 1)
    frontal = np.clip(1 - (np.abs(yaw) - 20) / 60, 0.1, 1)
    return (sharp * large * open_part * frontal).astype(np.float32)


def synthetic_rows(folder: Path, template, units: list[str], detector: Path) -> Rows:
    """Rows of all render files in `folder`; crops are cached per file."""
    paths = shards(folder)
    with ProcessPoolExecutor(2) as pool:
        parts = list(pool.map(_cut_file, paths, [np.asarray(template)] * len(paths), [detector] * len(paths)))
    return _rows(together(parts), units)


def shards(folder: Path) -> list[Path]:
    """Finished render files of `folder`."""
    paths = sorted(path for path in folder.glob("*.npz") if ".part" not in path.name)
    if not paths:
        raise FileNotFoundError(f"no renders in {folder}: run `python -m training synth` first")
    return paths


def together(parts: list[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """The arrays of all `parts`, whose action units must be the same in the same order."""
    names = [list(part["action_unit_names"]) for part in parts]
    if any(other != names[0] for other in names):
        raise ValueError("renders with different action units lie in one folder: render them again")
    joined = {name: np.concatenate([p[name] for p in parts]) for name in parts[0] if name != "action_unit_names"}
    return joined | {"action_unit_names": parts[0]["action_unit_names"]}


def ordered_units(z: dict[str, np.ndarray], units: list[str]) -> np.ndarray:
    """The intensities [N, K] (0 to 1) of `units`, by the names that the file of renders gives its own."""
    names = list(z["action_unit_names"])
    missing = [name for name in units if name not in names]
    if missing:
        raise ValueError(f"the renders lack {', '.join(missing)}: render them again")
    return z["action_units"][:, [names.index(name) for name in units]].astype(np.float32).clip(0, 1)


def _rows(z: dict[str, np.ndarray], units: list[str]) -> Rows:
    ones = np.ones(len(z["crops"]), np.float32)
    single = lambda name: z[name].astype(np.float32)
    labels = {name: single(name) for name in ("expression", "valence_arousal", "landmarks", "pose", "visibility")}
    labels["action_units"] = ordered_units(z, units)
    labels["quality"] = quality_of(single("blur"), single("scale"), single("covered"), z["pose"][:, 0])
    weights = {name: ones.copy() for name in labels}
    return Rows(z["crops"], labels, weights)


def _cut_file(path: Path, template: np.ndarray, detector: Path) -> dict[str, np.ndarray]:
    key = hashlib.sha256(FORMAT + fingerprint(detector) + template.astype("<f4").tobytes() + str(path.stat().st_mtime_ns).encode()).hexdigest()[:12]
    cached = cache_folder() / "crops" / f"{path.parent.name}_{path.stem}_{key}.npz"
    if not cached.exists():
        cached.parent.mkdir(parents=True, exist_ok=True)
        temporary = cached.with_suffix(f".{os.getpid()}.npz")
        np.savez(temporary, **cut_renders(dict(np.load(path)), template, detector))
        temporary.rename(cached)
    with np.load(cached) as z:
        return {name: z[name] for name in z.files}


def cut_renders(z: dict[str, np.ndarray], template: np.ndarray, detector: Path) -> dict[str, np.ndarray]:
    """Stored crops of renders `z`; landmarks and roll as they are in the crop."""
    cv2.setNumThreads(1)
    count = len(z["images"])
    five = located(z["images"], z["five"], detector)
    out = {name: z[name] for name in ("expression", "valence_arousal", "action_units", "visibility", "covered", "blur", "scale")}
    out["brightness"] = z["brightness"]
    out["crops"] = np.empty((count, STORED, STORED), np.uint8)
    out["landmarks"] = np.empty((count, 68, 2), np.float32)
    out["pose"] = z["pose"].astype(np.float32).copy()
    out["action_unit_names"] = z["action_unit_names"]
    target = template * SIZE + MARGIN
    for i in range(count):
        matrix = crop.similarity(five[i], target)
        out["crops"][i] = crop.cut(z["images"][i], matrix, STORED)
        out["landmarks"][i] = crop.apply(matrix, z["landmarks68"][i].astype(np.float64))
        out["pose"][i, 2] += np.rad2deg(np.arctan2(matrix[1, 0], matrix[0, 0]))
    return out


def located(images: np.ndarray, true: np.ndarray, detector: Path) -> np.ndarray:
    """The detector's five points [N, 5, 2] where they are near the `true` ones, which stand in elsewhere."""
    five = true.astype(np.float64).copy()
    detect = open_detector(detector)
    for i, image in enumerate(images):
        found = detect(image)
        eyes = np.linalg.norm(true[i, 0] - true[i, 1])
        far = np.inf if found is None else np.linalg.norm(found - true[i], axis=1).mean()
        if far < FAR * max(eyes, 8):
            five[i] = found
    return five


def held_out(folder: Path, template, units: list[str], detector: Path, size: int) -> dict[str, np.ndarray]:
    """Held-out renders cut to the crop itself (no margin): crops [N, size, size], landmarks in crop px, labels."""
    parts = [_cut_file(path, np.asarray(template), detector) for path in shards(folder)]
    rows = together(parts)
    rows["action_units"] = ordered_units(rows, units)
    rows["crops"] = np.ascontiguousarray(rows["crops"][:, MARGIN : MARGIN + size, MARGIN : MARGIN + size])
    rows["landmarks"] = rows["landmarks"] - MARGIN
    return rows
