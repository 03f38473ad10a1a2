"""What scenes are made of: gray pictures with the teacher's labels, split once and for all.

Which are held out, and which are for tuning, is said in `splits.py`. Photos and backgrounds that look like one of those
(near-equal difference hash) are left out of training too.
"""

from __future__ import annotations

import tarfile
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from ..splits import split
from .boxes import area, intersection, iou
from .config import CACHE, HEADS
from .teacher import Teacher

SIDES = {"faces": (128, 256, 448), "backgrounds": (320, 640, 960), "ferplus": (192,), "heads": (192,)}
BORDER = {"faces": 0.25, "backgrounds": 0.0, "ferplus": 0.25, "heads": 0.0}
FLOOR = 0.15  # lowest score that is kept in the cache
TWINS = 5  # difference hashes (64 bits) this close are one picture
FERPLUS_FACES = 12000


@dataclass
class Picture:
    """`gray` uint8 [H, W]; `faces` float32 [F, 15]: box, landmarks, the teacher's score (in a `Library`: FACE or
    IGNORE); `alpha` uint8 [H, W] for cut-outs; `name`: the file's."""

    gray: np.ndarray
    faces: np.ndarray
    alpha: np.ndarray | None = None
    name: str = ""


def read_tar(path: Path) -> dict[str, np.ndarray]:
    """Colour pictures (BGR) by file name, in order of name."""
    with tarfile.open(path) as tar:
        files = sorted((m for m in tar if m.isfile()), key=lambda m: m.name)
        raw = {Path(m.name).name: tar.extractfile(m).read() for m in files}
    pictures = {k: cv2.imdecode(np.frombuffer(v, np.uint8), cv2.IMREAD_COLOR) for k, v in raw.items()}
    return {k: v for k, v in pictures.items() if v is not None}


def label(name: str, pictures: list[np.ndarray], data: Path, kind: str | None = None) -> list[np.ndarray]:
    """The teacher's faces [F, 15] of every picture, from the cache where it is there."""
    file, kind = CACHE / f"{name}.npz", kind or name
    if not file.exists():
        teacher = Teacher(data / "yunet_n_dynamic.onnx")
        rows = []
        for i, picture in enumerate(tqdm(pictures, desc=f"teacher: {name}", mininterval=5)):
            faces = outermost(teacher.detect_scales(picture, SIDES[kind], FLOOR, BORDER[kind]))
            rows += [np.r_[i, f] for f in faces]
        CACHE.mkdir(parents=True, exist_ok=True)
        np.savez(file, rows=np.asarray(rows, np.float32).reshape(-1, 16), pictures=len(pictures))
    saved = np.load(file)
    if saved["pictures"] != len(pictures):
        raise ValueError(f"{file} was made from other pictures: delete it")
    rows = saved["rows"]
    return np.split(rows[:, 1:], np.searchsorted(rows[:, 0], np.arange(1, len(pictures))))


def outermost(faces: np.ndarray) -> np.ndarray:
    """Drop faces [F, 15] that lie mostly inside a surer one: the same face at another scale."""
    kept = []
    for i in np.argsort(-faces[:, 14]):
        shared = intersection(faces[i : i + 1, :4], faces[kept, :4])[0] if kept else np.zeros(0)
        smaller = np.minimum(area(faces[i, :4]), area(faces[kept, :4])) if kept else np.ones(0)
        if not (shared > 0.6 * smaller).any():
            kept.append(i)
    return faces[kept]


def load(kind: str, data: Path) -> list[Picture]:
    """Labelled pictures of `faces` or `backgrounds`, those that training may see."""
    colour = read_tar(data / f"{kind}.tar")
    labels = label(kind, list(colour.values()), data)
    grays = [cv2.cvtColor(c, cv2.COLOR_BGR2GRAY) for c in colour.values()]
    hashes = np.array([difference_hash(g) for g in grays])
    reserved = hashes[[split(kind, name) != "training" for name in colour]]
    mine = [(np.unpackbits(reserved ^ h, axis=1).sum(1) > TWINS).all() for h in hashes]
    parts = zip(grays, labels, colour, mine)
    return [Picture(gray, faces, name=name) for gray, faces, name, m in parts if m]


def difference_hash(gray: np.ndarray) -> np.ndarray:
    """64 bits (uint8 [8]): whether each pixel of a 9x8 thumbnail is darker than its right neighbour."""
    small = cv2.resize(gray, (9, 8), interpolation=cv2.INTER_AREA).astype(int)
    return np.packbits(small[:, 1:] > small[:, :-1])


def load_ferplus(data: Path, seed: int = 0) -> list[Picture]:
    """FER+ training faces (48 px) in which the teacher is sure of one face."""
    images = np.concatenate([np.load(data / f"ferplus_train_{k}.npz")["images"] for k in (0, 1)])
    chosen = np.sort(np.random.default_rng(seed).permutation(len(images))[:FERPLUS_FACES])
    images = images[chosen]
    labels = label("ferplus", [cv2.cvtColor(i, cv2.COLOR_GRAY2BGR) for i in images], data)
    return [Picture(i, f) for i, f in zip(images, labels) if len(f) == 1 and f[0, 14] > 0.75]


def load_heads(data: Path) -> list[Picture]:
    """Rendered heads with alpha, where `synth` has left some: their own landmarks, but the teacher's boxes,
    because a box from hairline to chin is a habit that only the teacher's labels have."""
    heads = []
    for file in sorted(HEADS.glob("*.npz")):
        z = np.load(file)
        gray, alpha, boxes = z["gray"], z["alpha"], z["box"].astype(np.float32)
        grounded = (gray * (alpha / 255) + 110 * (1 - alpha / 255)).astype(np.uint8)
        found = label(file.stem, [cv2.cvtColor(g, cv2.COLOR_GRAY2BGR) for g in grounded], data, "heads")
        for i, five in enumerate(z["five"]):
            sure = found[i][found[i][:, 14] > 0.6, :4]
            same = sure[iou(boxes[i : i + 1], sure)[0] > 0.4]
            if len(same):
                face = np.r_[same[0], five.reshape(-1), 1.0].astype(np.float32)
                heads.append(Picture(gray[i], face[None], alpha[i]))
    return heads
