"""The shipped files as the server uses them: detector, crop by the card, ensemble."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnxruntime

from .data import cut_crops, find_points


class Chain:
    """`detector.onnx` and `ensemble.onnx` with its card, from one folder, on one thread of the CPU."""

    def __init__(self, models: Path, detector: Path | None = None, threads: int = 1):
        self.card = json.loads((models / "ensemble.json").read_text())
        self.template = np.asarray(self.card["crop"]["template"])
        self.size = self.card["crop"]["size"]
        self.detector = detector or models / "detector.onnx"
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        path = models / self.card["file"]
        self.session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self.names = [output.name for output in self.session.get_outputs()]

    def small_pictures(self, images: np.ndarray, workers: int = 2) -> tuple[dict[str, np.ndarray], np.ndarray]:
        """Outputs for pictures uint8 [N, h, w] that each show one face, and where a face was found, bool [N].

        Where none is found, the whole picture is taken for the face.
        """
        points, found = find_points(images, self.detector, workers)
        crops, _ = cut_crops(images, points, found, self.template, self.size)
        return self.faces(crops), found

    def faces(self, crops: np.ndarray, step: int = 128) -> dict[str, np.ndarray]:
        """Outputs by name for crops uint8 [N, S, S]."""
        parts = [self.session.run(None, {"faces": crops[i : i + step][:, None]}) for i in range(0, len(crops), step)]
        joined = [np.concatenate(p, 1 if name == "members" else 0) for name, p in zip(self.names, zip(*parts))]
        return dict(zip(self.names, joined))
