"""The shipped files as the server uses them: detector, crop by the card, ensemble."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnxruntime

from . import crop
from .data import cut_crops, default_points, find_points

LOOKS = 2


def five_points(landmarks: np.ndarray) -> np.ndarray:
    """Eye centres, nose tip and mouth corners [5, 2] of 68 landmarks [68, 2]."""
    return np.stack([landmarks[36:42].mean(0), landmarks[42:48].mean(0), landmarks[30], landmarks[48], landmarks[54]])


def refined(chain: Chain, image: np.ndarray, five: np.ndarray) -> np.ndarray:
    """The five points [5, 2] of `image` by the landmarks that the ensemble sees in the crop by `five`."""
    matrix = crop.similarity(five, chain.template * chain.size)
    seen = chain.faces(crop.cut(image, matrix, chain.size)[None])["landmarks"][0]
    return crop.apply(crop.invert(matrix), five_points(seen.astype(np.float64)) * chain.size).astype(np.float32)


class Chain:
    """`detector.onnx` and `ensemble.onnx` with its card, from one folder, on one thread of the CPU."""

    def __init__(self, models: Path, detector: Path | None = None, threads: int = 1):
        self.card = json.loads((models / "ensemble.json").read_text())
        self.template = np.asarray(self.card["crop"]["template"])
        self.size = self.card["crop"]["size"]
        self.detector = detector or models / "detector.onnx"
        # What finds five points: both files where both are there, so that faces are cut as the server cuts them.
        self.finder = detector or models
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        path = models / self.card["file"]
        self.session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self.names = [output.name for output in self.session.get_outputs()]

    def small_pictures(self, images: np.ndarray, workers: int = 2, looks: int = LOOKS) -> tuple[dict[str, np.ndarray], np.ndarray]:
        """Outputs for pictures uint8 [N, h, w] that each show one face, and where a face was found, bool [N].

        Where none is found, the whole picture is taken for the face. Every further look cuts the crop again by
        the landmarks that the ensemble saw, as the server does along a track.
        """
        points, found = find_points(images, self.detector, workers)
        crops, _ = cut_crops(images, points, found, self.template, self.size)
        for _ in range(looks - 1):
            points = self.look_again(images, points, found, self.faces(crops)["landmarks"])
            crops, _ = cut_crops(images, points, np.ones(len(images), bool), self.template, self.size)
        return self.faces(crops), found

    def look_again(self, images, points, found, landmarks: np.ndarray) -> np.ndarray:
        """Five points [N, 5, 2] in px of the enlarged pictures, by the ensemble's landmarks [N, 68, 2] in the crops."""
        better = np.empty((len(images), 5, 2))
        for i, seen in enumerate(landmarks):
            five = points[i] if found[i] else default_points(self.template, *images[i].shape)
            back = crop.invert(crop.similarity(five, self.template * self.size))
            better[i] = crop.apply(back, five_points(seen.astype(np.float64)) * self.size)
        return better

    def faces(self, crops: np.ndarray, step: int = 128) -> dict[str, np.ndarray]:
        """Outputs by name for crops uint8 [N, S, S]."""
        parts = [self.session.run(None, {"faces": crops[i : i + step][:, None]}) for i in range(0, len(crops), step)]
        joined = [np.concatenate(p, 1 if name == "members" else 0) for name, p in zip(self.names, zip(*parts))]
        return dict(zip(self.names, joined))
