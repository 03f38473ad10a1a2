"""The exported detector as a server uses it: candidates, threshold, non-maximum suppression."""

from __future__ import annotations

import time
from pathlib import Path

import cv2
import numpy as np
import onnxruntime

from .boxes import area, suppress

MULTIPLE = 32


def open_session(model: Path | bytes) -> onnxruntime.InferenceSession:
    """A session on one thread of the CPU."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(
        model if isinstance(model, bytes) else str(model), options, providers=["CPUExecutionProvider"]
    )


class Runtime:
    """`detect` gives faces as the teacher's does."""

    def __init__(self, model: Path | bytes, nms: float, smallest: float = 0.0):
        self.session, self.nms, self.smallest = open_session(model), nms, smallest

    def detect(self, gray: np.ndarray, threshold: float) -> np.ndarray:
        """Faces [F, 15] in `gray` uint8 [H, W], best first: box, five landmarks, score; pixels."""
        h, w = gray.shape
        padded = cv2.copyMakeBorder(gray, 0, -h % MULTIPLE, 0, -w % MULTIPLE, cv2.BORDER_CONSTANT)
        boxes, scores, landmarks = (a[0] for a in self.session.run(None, {"frames": padded[None, None]}))
        keep = np.flatnonzero((scores >= threshold) & (np.sqrt(area(boxes)) >= self.smallest))
        faces = np.hstack([boxes[keep], landmarks[keep].reshape(-1, 10), scores[keep, None]])
        return faces[suppress(faces[:, :4], faces[:, 14], self.nms)]


def fastest(session: onnxruntime.InferenceSession, height: int, width: int, runs: int) -> float:
    """Shortest time in milliseconds of `runs` runs on one noisy picture: the others waited for the machine."""
    spec = session.get_inputs()[0]
    channels, kind = (1, np.uint8) if spec.type == "tensor(uint8)" else (3, np.float32)
    frames = np.random.default_rng(0).integers(0, 256, (1, channels, height, width)).astype(kind)
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        session.run(None, {spec.name: frames})
        times.append(time.perf_counter() - start)
    return min(times) * 1e3
