"""Find the largest face's five points: with our detector, with YuNet as the teacher, or, as along a track of the server,
with our detector and then by the landmarks that the ensemble sees in the crop (a folder with both files)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import onnxruntime

from .scorer import Scorer

MINIMUM_SCORE = 0.5
NOTHING = Path("none")  # a detector that finds nothing: pictures are taken whole


def open_detector(path: Path) -> Callable[[np.ndarray], np.ndarray | None]:
    """A function from a gray picture uint8 [h, w] to the best face's points float32 [5, 2] in px, or None."""
    if path == NOTHING:
        return lambda image: None
    if path.is_dir():
        return _open_chain(path)
    return _open_yunet(path) if "yunet" in path.name else _open_ours(path)


def fingerprint(path: Path) -> bytes:
    """What tells one detector's results from another's in a cache."""
    if path == NOTHING:
        return str(path).encode()
    return b"".join((path / name).read_bytes() for name in ("detector.onnx", "ensemble.onnx")) if path.is_dir() else path.read_bytes()


def _open_yunet(path: Path):
    net = cv2.FaceDetectorYN.create(str(path), "", (320, 320), MINIMUM_SCORE)

    def detect(image: np.ndarray) -> np.ndarray | None:
        net.setInputSize(image.shape[::-1])
        _, faces = net.detect(cv2.cvtColor(image, cv2.COLOR_GRAY2BGR))
        if faces is None:
            return None
        best = faces[np.argmax(faces[:, 14] * faces[:, 2])]
        return best[4:14].reshape(5, 2).astype(np.float32)

    return detect


def _open_chain(folder: Path):
    scorer, detect = Scorer(folder), _open_ours(folder / "detector.onnx")

    def find(image: np.ndarray) -> np.ndarray | None:
        five = detect(image)
        return None if five is None else scorer.refined(image, five)

    return find


def open_candidates(path: Path, floor: float) -> Callable[[np.ndarray], np.ndarray]:
    """A function from a gray picture uint8 [h, w] to the five points [F, 5, 2] of all that scores `floor` or more;
    of neighbours the best stays."""
    run = _runner(path)

    def candidates(image: np.ndarray) -> np.ndarray:
        boxes, scores, points = run(image)
        order = np.argsort(-scores)[: int((scores >= floor).sum())]
        kept: list[int] = []
        for i in order:
            reach = max(boxes[i, 2] - boxes[i, 0], 1.0) / 2
            if all(np.abs(boxes[i] - boxes[k]).max() > reach for k in kept):
                kept.append(int(i))
        return points[kept].astype(np.float32)

    return candidates


def _open_ours(path: Path):
    run = _runner(path)

    def detect(image: np.ndarray) -> np.ndarray | None:
        boxes, scores, points = run(image)
        rank = scores * (boxes[:, 2] - boxes[:, 0]) * (scores >= MINIMUM_SCORE)
        best = int(rank.argmax())
        return points[best].astype(np.float32) if scores[best] >= MINIMUM_SCORE else None

    return detect


def _runner(path: Path):
    """Our detector as a function from a gray picture to boxes [C, 4], scores [C] and points [C, 5, 2] of its candidates."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def run(image: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        height, width = image.shape
        padded = np.pad(image, ((0, -height % 32), (0, -width % 32)), mode="edge")
        return tuple(out[0] for out in session.run(["boxes", "scores", "landmarks"], {"frames": padded[None, None]}))

    return run
