"""The configuration of the shipped run, in one place."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
TRAINING = HERE.parent
MODELS = TRAINING.parent
CACHE = TRAINING / "cache" / "detector"
HEADS = TRAINING / "cache" / "heads"
RUNS = TRAINING / "runs" / "detector"
DEFAULT_DATA = "../../shared/data"
DEFAULT_VIDEOS = "../../shared/videos"

STRIDES = (8, 16, 32)


@dataclass(frozen=True)
class SceneConfig:
    """Which scenes are composed, and how often (weights need not sum to 1)."""

    kinds: dict = field(
        default_factory=lambda: {"pasted": 3.0, "crowd": 2.5, "mosaic": 2.5, "portrait": 2.0, "whole": 2.0, "empty": 5.0}
    )
    smallest_face: float = 16.0  # pixels; smaller ones are neither taught nor punished
    rotation: float = 45.0  # degrees either way
    stretch: float = 0.2  # half of the faces, across and down, by up to its exponential either way


@dataclass(frozen=True)
class TrainConfig:
    """One training run. Two sizes of scene, each with its own batch; `pool` counts scenes kept for reuse."""

    seed: int = 7
    steps: int = 16000
    warmup: int = 200
    rate: float = 3e-3
    weight_decay: float = 1e-4
    average: float = 0.998  # exponential moving average of the weights
    sizes: tuple = (160, 320)
    batches: tuple = (32, 10)
    share: tuple = (0.5, 0.5)  # of the steps
    pool: tuple = (8000, 2500)
    reuse: float = 6.0  # how often a scene is drawn, on average
    weights: tuple = (2.0, 1.5, 5.0)  # of the losses on score, box and landmarks
    scenes: SceneConfig = field(default_factory=SceneConfig)

    def to_dict(self) -> dict:
        """A plain dictionary, as saved in checkpoints and in the card."""
        return asdict(self)
