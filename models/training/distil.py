"""Softer targets: what people voted, mixed with what an ensemble sees (knowledge distillation, Hinton et al., 2015)."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from .data import cache_folder, centre
from .scorer import Scorer


def distillation_targets(votes: np.ndarray, crops: np.ndarray, share: float, models: Path) -> np.ndarray:
    """Targets [N, 8]: `votes` [N, 8], with `share` of them replaced by the probabilities that the ensemble in the folder
    `models` gives to the stored `crops` [N, S, S]. Those are cached."""
    seen = expressions(crops, models)
    return ((1 - share) * votes + share * seen).astype(np.float32)


def expressions(crops: np.ndarray, models: Path) -> np.ndarray:
    """The ensemble's probabilities float32 [N, 8] for the middle of stored crops [N, S, S]."""
    key = hashlib.sha256((models / "ensemble.onnx").read_bytes() + crops.tobytes()).hexdigest()[:12]
    path = cache_folder() / f"expressions_{key}.npy"
    if not path.exists():
        seen = Scorer(models, threads=2).faces(np.ascontiguousarray(centre(crops)))["expression"]
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path, seen)
    return np.load(path)
