"""Whether a crop shows a face at all: the quality below which it does not, and how well that tells the two apart.

Everything here is held out: FER+'s validation faces, and the photos and backgrounds that `splits.py` holds back. (Up to
ensemble 1.5.0 the renderer had put 190 of these backgrounds behind its heads, though never as pictures of no face.)
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from . import negatives
from .chain import Chain
from .data import DATA, MARGIN, centre
from .faces import open_candidates
from .scorer import card_of

KEPT = 0.995  # of real faces, at least
FACES, CLUTTER = ("ferplus", "photos"), ("squares", "mistaken", "beside", "shown")


def qualities(chain: Chain, ferplus: np.ndarray, data: Path = DATA) -> dict[str, np.ndarray]:
    """The ensemble's quality [N] by kind of picture; `ferplus` is that of the validation faces.

    photos: faces of held-out photos at the teacher's points; squares: anywhere in held-out backgrounds; mistaken: what
    the detector takes there for a face at a very low score, also turned; shown: the same, upright and at
    its card's score, which is what the server would show; beside: crops of photos that miss the face.
    """
    if chain.detector.name == "none":
        return {"ferplus": ferplus}
    found = negatives.collect(chain.template, chain.detector, data, held=True)
    score = json.loads(card_of(chain.detector).read_text())["thresholds"]["score"]
    found["shown"] = shown(negatives.pictures("backgrounds", data, held=True), chain, score)
    read = lambda crops: chain.faces(np.ascontiguousarray(centre(crops)))["quality"]
    return {"ferplus": ferplus} | {name: read(found[name]) for name in (*FACES[1:], *CLUTTER) if len(found[name])}


def shown(pictures: list, chain: Chain, score: float) -> np.ndarray:
    """Crops [N, STORED, STORED] of what passes for a face in `pictures` at 640 px and `score`."""
    target = chain.template * chain.size + MARGIN
    candidates = open_candidates(chain.detector, score)
    crops = [c for p in pictures for c in negatives.false_faces(p, target, candidates, (640 / max(p.gray.shape),), 1)]
    return np.stack(crops) if crops else np.zeros((0, chain.size + 2 * MARGIN, chain.size + 2 * MARGIN), np.uint8)


def choose(quality: dict[str, np.ndarray]) -> float:
    """The highest threshold, in thousandths, that keeps enough of every kind of face."""
    lowest = min(float(np.quantile(quality[kind], 1 - KEPT)) for kind in FACES if kind in quality)
    return float(np.floor(lowest * 1000) / 1000)


def measure(quality: dict[str, np.ndarray], threshold: float) -> dict[str, dict]:
    """Per kind of picture how many there are, and the share that is taken for a face."""
    return {kind: {"pictures": len(q), "taken": round(float((q >= threshold).mean()), 4)} for kind, q in quality.items()}
