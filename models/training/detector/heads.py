"""Rendered heads to paste: `python -m training detector-heads` leaves them in `cache/heads`, for `sources.load_heads`."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from tqdm import tqdm

from ..synth import occluders
from ..synth.head import render_head
from ..synth.person import sample_shapes
from .config import DEFAULT_DATA, HEADS

SIDE = 192  # pixels of a picture; a face is about half as wide
BATCH = 32  # neutral faces made at once
DOWN = 0.25
GLASSES = 0.25  # besides those that any head may wear
PLAIN = 12.0  # degrees of yaw and pitch together; of heads turned less there are photos enough


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `detector-heads`."""
    parser.add_argument("--data", type=Path, default=Path(DEFAULT_DATA))
    parser.add_argument("--count", type=int, default=5000, help="heads to render")
    parser.add_argument("--seed", type=int, default=3)


def run(args: argparse.Namespace) -> Path:
    """Render turned heads with their mattes; gives the file's path."""
    rng, kept = np.random.default_rng(args.seed), []
    for k in tqdm(range(args.count), mininterval=5):
        if k % BATCH == 0:
            shapes = sample_shapes(rng, BATCH, str(args.data))
        mood = "sadness" if rng.random() < DOWN else None  # sad heads sink
        gray, alpha, labels = render_head(rng, SIDE, str(args.data), mood, shape=shapes[k % BATCH])
        alpha = np.maximum(alpha, covered(rng, gray, alpha, labels))
        if np.abs(labels["pose"][:2]).sum() > PLAIN:
            kept.append((gray, alpha, labels["box"], labels["five"]))
    HEADS.mkdir(parents=True, exist_ok=True)
    path = HEADS / f"heads_{args.seed}.npz"
    np.savez(path, **{name: np.stack(v) for name, v in zip(("gray", "alpha", "box", "five"), zip(*kept))})
    return path


def covered(rng: np.random.Generator, gray: np.ndarray, alpha: np.ndarray, labels: dict) -> np.ndarray:
    """Draw glasses, hands and masks over `gray` in place; the mask uint8 [SIDE, SIDE] of what hides something."""
    marks, cover = labels["landmarks68"], np.zeros_like(alpha)
    face = gray[alpha > 250]
    if rng.random() < GLASSES:
        occluders.glasses(rng, gray, cover, marks, labels["visibility"])
    return np.maximum(cover, occluders.add(rng, gray, marks, labels["visibility"], int(np.median(face)) if len(face) else 128))
