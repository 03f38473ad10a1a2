"""The teacher: YuNet, run on colour pictures at several scales, labels kept in a cache.

YuNet: Wu, Peng, Yu, "YuNet: A Tiny Millisecond-level Face Detector" (2023). Only its answers are used.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import onnxruntime

from .boxes import suppress
from .config import STRIDES

OVERLAP = 0.45


class Teacher:
    """YuNet behind one method."""

    def __init__(self, model: Path):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        self.names = [o.name for o in self.session.get_outputs()]

    def detect(self, picture: np.ndarray, threshold: float) -> np.ndarray:
        """Faces [F, 15] in `picture` uint8 [H, W, 3] (BGR): box, five landmarks, score."""
        h, w = picture.shape[:2]
        padded = cv2.copyMakeBorder(picture, 0, -h % 32, 0, -w % 32, cv2.BORDER_CONSTANT)
        tensor = padded.transpose(2, 0, 1)[None].astype(np.float32)
        outputs = dict(zip(self.names, self.session.run(None, {"input": tensor})))
        faces = np.concatenate([_decode(outputs, s, padded.shape[1] // s, threshold) for s in STRIDES])
        return faces[suppress(faces[:, :4], faces[:, 14], OVERLAP)]

    def detect_scales(self, picture: np.ndarray, sides: tuple, threshold: float, border: float = 0.0) -> np.ndarray:
        """The best of several runs, each with the longer side resized to one of `sides`; `border` is the share
        of the picture added around it, since a face that fills its picture is easily missed."""
        h, w = picture.shape[:2]
        pad = round(border * max(h, w))
        wide = cv2.copyMakeBorder(picture, pad, pad, pad, pad, cv2.BORDER_REPLICATE) if pad else picture
        found = []
        for side in sides:
            scale = side / max(wide.shape[:2])
            size = (max(1, round(wide.shape[1] * scale)), max(1, round(wide.shape[0] * scale)))
            how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
            faces = self.detect(cv2.resize(wide, size, interpolation=how), threshold)
            faces[:, :14] = faces[:, :14] / scale - pad
            found.append(faces)
        faces = np.concatenate(found)
        return faces[suppress(faces[:, :4], faces[:, 14], OVERLAP)]


def _decode(outputs: dict, stride: int, columns: int, threshold: float) -> np.ndarray:
    """Faces [F, 15] of one stride of YuNet's first picture."""
    parts = {k: outputs[f"{k}_{stride}"][0] for k in ("cls", "obj", "bbox", "kps")}
    score = np.sqrt(np.clip(parts["cls"][:, 0], 0, 1) * np.clip(parts["obj"][:, 0], 0, 1))
    keep = np.flatnonzero(score >= threshold)
    cell = np.stack([keep % columns, keep // columns], 1).astype(np.float32)
    middle = (cell + parts["bbox"][keep, :2]) * stride
    half = np.exp(parts["bbox"][keep, 2:]) * stride / 2
    points = (cell[:, None] + parts["kps"][keep].reshape(-1, 5, 2)) * stride
    return np.hstack([middle - half, middle + half, points.reshape(-1, 10), score[keep, None]])
