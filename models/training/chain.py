"""The shipped files as the server uses them: detector, crop by the card, ensemble."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from . import crop
from .data import cut_crops, default_points, find_points
from .scorer import Scorer, file_of, five_points

PASSES = 2


class Chain(Scorer):
    """`detector.onnx` and `ensemble.onnx` with their cards, from one folder, on `threads` threads of the CPU; with `precision`
    int8 the files in integers."""

    def __init__(self, models: Path, detector: Path | None = None, threads: int = 1, precision: str = "single"):
        super().__init__(models, threads, precision)
        self.detector = detector or file_of(models, "detector", precision)
        # What finds five points: both files where both are there, so that faces are cut as the server cuts them.
        self.finder = detector or models

    def small_pictures(self, images: np.ndarray, workers: int = 2, passes: int = PASSES) -> tuple[dict[str, np.ndarray], np.ndarray]:
        """Outputs for pictures uint8 [N, h, w] that each show one face, and where a face was found, bool [N].

        Where none is found, the whole picture is taken for the face. Every further pass cuts the crop again by
        the landmarks that the ensemble saw, as the server does along a track.
        """
        points, found = find_points(images, self.detector, workers)
        return self.read(images, points, found, passes), found

    def read(self, images: np.ndarray, points: np.ndarray, found: np.ndarray, passes: int = PASSES) -> dict[str, np.ndarray]:
        """Outputs for pictures as `small_pictures` takes them, of which it is known where the five points are."""
        crops, _ = cut_crops(images, points, found, self.template, self.size)
        for _ in range(passes - 1):
            points = self.refine_points(images, points, found, self.faces(crops)["landmarks"])
            crops, _ = cut_crops(images, points, np.ones(len(images), bool), self.template, self.size)
        return self.faces(crops)

    def refine_points(self, images, points, found, landmarks: np.ndarray) -> np.ndarray:
        """Five points [N, 5, 2] in px of the enlarged pictures, by the ensemble's landmarks [N, 68, 2] in the crops."""
        better = np.empty((len(images), 5, 2))
        for i, seen in enumerate(landmarks):
            five = points[i] if found[i] else default_points(self.template, *images[i].shape)
            back = crop.invert(crop.similarity(five, self.template * self.size))
            better[i] = crop.apply(back, five_points(seen.astype(np.float64)) * self.size)
        return better
