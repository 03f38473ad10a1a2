"""The shipped ensemble on crops, in onnxruntime, and the five points that its landmarks give to cut the next crop by."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnxruntime

from . import crop


class Scorer:
    """`ensemble.onnx` and its card, from the folder `models`, on `threads` threads of the CPU; `precision` int8: the file in
    integers that the card names."""

    def __init__(self, models: Path, threads: int = 1, precision: str = "single"):
        self.card = json.loads((models / "ensemble.json").read_text())
        self.template = np.asarray(self.card["crop"]["template"])
        self.size = self.card["crop"]["size"]
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        path = file_of(models, "ensemble", precision)
        self.session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self.names = [output.name for output in self.session.get_outputs()]

    def faces(self, crops: np.ndarray, step: int = 128) -> dict[str, np.ndarray]:
        """Outputs by name for crops uint8 [N, S, S]."""
        parts = [self.session.run(None, {"faces": crops[i : i + step][:, None]}) for i in range(0, len(crops), step)]
        joined = [np.concatenate(p, 1 if name == "members" else 0) for name, p in zip(self.names, zip(*parts))]
        return dict(zip(self.names, joined))

    def refined(self, image: np.ndarray, five: np.ndarray) -> np.ndarray:
        """The five points float32 [5, 2] in px of `image` uint8 [h, w], by the landmarks seen in the crop by `five`."""
        matrix = crop.similarity(five, self.template * self.size)
        seen = self.faces(crop.cut(image, matrix, self.size)[None])["landmarks"][0]
        return crop.apply(crop.invert(matrix), five_points(seen.astype(np.float64)) * self.size).astype(np.float32)


def file_of(models: Path, kind: str, precision: str = "single") -> Path:
    """The file of `kind` for `precision`: single; or int8, where its card names one."""
    told = json.loads((models / f"{kind}.json").read_text()).get(precision) if precision != "single" else None
    return models / (told["file"] if told else f"{kind}.onnx")


def card_of(model: Path) -> Path:
    """The card beside a model's file: that of `detector.int8.onnx` is `detector.json`."""
    return model.with_name(model.name.split(".")[0] + ".json")


def five_points(landmarks: np.ndarray) -> np.ndarray:
    """Eye centres, nose tip and mouth corners [..., 5, 2] of 68 landmarks [..., 68, 2]."""
    eyes = [landmarks[..., 36:42, :].mean(-2), landmarks[..., 42:48, :].mean(-2)]
    return np.stack([*eyes, landmarks[..., 30, :], landmarks[..., 48, :], landmarks[..., 54, :]], -2)
