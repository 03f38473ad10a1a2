"""`python -m training landmarker`: what the second teacher sees in FER+ and in the photos, kept in the cache."""

from __future__ import annotations

import argparse
import os
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import cv2
import numpy as np

from ..data import DATA, cache_folder, load_ferplus
from ..detector.sources import TWINS, difference_hash, read_tar
from ..splits import split
from .detect import BLENDSHAPES, POINTS, open_landmarker

MODEL = "face_landmarker.task"
FILES = {"valid": ["ferplus_valid.npz"], "train": ["ferplus_train_0.npz", "ferplus_train_1.npz"]}
LOOKS = {"held-out": 2, "valid": 2, "train": 1, "photos": 1}  # 2: its mirror image too, where answers are measured against it
PART = 500  # pictures between two files of the cache


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--only", choices=LOOKS, help="label these pictures alone")
    parser.add_argument("--data", type=Path, default=DATA, help="folder of the data (default: ../../shared/data)")
    parser.add_argument("--most", type=int, help="the first so many pictures of each kind (default: all)")
    parser.add_argument("--workers", type=int, default=2)


def run(args: argparse.Namespace) -> None:
    for kind in LOOKS:
        if args.only in (None, kind):
            found = labels(kind, args.data, args.workers, args.most)["found"]
            print(f"{kind}: {len(found)} pictures, a face found in {found.all(1).sum()} of them by all {LOOKS[kind]} looks")


def pictures(kind: str, data: Path) -> list[np.ndarray]:
    """FER+ `train` or `valid`, gray, or the photos without masks that training may use (`photos`) or not (`held-out`), in
    colour, in order of their names: a mask hides what the teacher would then make up."""
    if kind in FILES:
        return list(load_ferplus([data / name for name in FILES[kind]])[0])
    share = "training" if kind == "photos" else kind
    photos = read_tar(data / "faces.tar")
    return [photo for name, photo in photos.items() if name.startswith("without_mask") and split("faces", name) == share]


def apart(kind: str, data: Path) -> np.ndarray:
    """Which of the pictures of `photos` or `held-out` look like none of those on the other side of the split (near-equal
    difference hash), bool [N]: some are the same photo, cut or lit anew."""
    photos = read_tar(data / "faces.tar")
    hashes = np.array([difference_hash(cv2.cvtColor(photo, cv2.COLOR_BGR2GRAY)) for photo in photos.values()])
    training = np.array([split("faces", name) == "training" for name in photos])
    share = "training" if kind == "photos" else kind
    mine = np.array([name.startswith("without_mask") and split("faces", name) == share for name in photos])
    others = hashes[~training if kind == "photos" else training]
    return np.array([(np.unpackbits(others ^ h, axis=1).sum(1) > TWINS).all() for h in hashes[mine]])


def labels(kind: str, data: Path = DATA, workers: int = 2, most: int | None = None) -> dict[str, np.ndarray]:
    """What is seen in each of the first `most` pictures, N in all (look 0) and, with L = 2 looks, in its mirror image (1): `found` bool [N, L], `points`
    [N, L, 478, 2] in px, `blendshapes` [N, L, 52], `matrix` [N, L, 4, 4]. The mirror image's are as seen there."""
    folder = cache_folder() / "landmarker"
    folder.mkdir(parents=True, exist_ok=True)
    shown = pictures(kind, data)
    starts = range(0, min(len(shown), most or len(shown)), PART)
    paths = [folder / f"{kind}_{start:05d}.npz" for start in starts]
    missing = [(path, shown[start : start + PART]) for path, start in zip(paths, starts) if not path.exists()]
    if missing:
        with ProcessPoolExecutor(workers) as pool:
            list(pool.map(label_part, *zip(*missing), [LOOKS[kind]] * len(missing), [data / MODEL] * len(missing)))
    parts = [np.load(path) for path in paths]
    return {name: np.concatenate([part[name] for part in parts])[:most] for name in parts[0].files}


def label_part(path: Path, shown: list[np.ndarray], looks: int, model: Path) -> None:
    """Look at `shown` and write what is seen to `path`."""
    cv2.setNumThreads(1)
    look, count = open_landmarker(model), len(shown)
    out = {"found": np.zeros((count, looks), bool), "points": np.zeros((count, looks, POINTS, 2), np.float16)}
    out |= {"blendshapes": np.zeros((count, looks, BLENDSHAPES), np.float16), "matrix": np.zeros((count, looks, 4, 4), np.float32)}
    for i, picture in enumerate(shown):
        for side, view in enumerate((picture, np.ascontiguousarray(picture[:, ::-1]))[:looks]):
            seen = look(view)
            if seen is not None:
                out["found"][i, side] = True
                out["points"][i, side], out["blendshapes"][i, side], out["matrix"][i, side] = seen.points, seen.blendshapes, seen.matrix
    temporary = path.with_suffix(f".{os.getpid()}.npz")
    np.savez(temporary, **out)
    temporary.rename(path)
