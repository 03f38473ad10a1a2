"""`python -m training quantise --out FOLDER`: both shipped files with their convolutions in eight-bit integers (static, QDQ, a scale for
each channel), calibrated on faces and scenes that training may see; and how far the ensemble then is from itself on FER+ validation.

Activations between convolutions stay in single precision: SiLU and the heads lose more by integers than they gain."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import onnx
from onnx import numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

from . import metrics
from .data import DATA, centre, ferplus_crops, protocol
from .detector.sources import read_tar
from .scorer import Scorer
from .sources import SHIPPED
from .splits import split

FACES, TOGETHER = 512, 64
SCENES, WIDTH, HEIGHT = 48, 640, 384


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", type=Path, required=True, help="folder of the files")
    parser.add_argument("--data", type=Path, default=DATA, help="folder of the data (default: ../../shared/data)")


def run(args: argparse.Namespace) -> None:
    args.out.mkdir(parents=True, exist_ok=True)
    card, rng = json.loads((SHIPPED / "ensemble.json").read_text()), np.random.default_rng(0)
    crops = centre(ferplus_crops("train", card["crop"]["template"], SHIPPED, args.data)["crops"])
    chosen = np.ascontiguousarray(crops[rng.choice(len(crops), FACES, replace=False)])[:, None]
    quantise("ensemble", "faces", np.split(chosen, FACES // TOGETHER), args.out)
    quantise("detector", "frames", list(scenes(args.data, rng)), args.out)
    (args.out / "ensemble.json").write_text(json.dumps(card))
    print(json.dumps(agreement(args.out, args.data)))


class Shown(CalibrationDataReader):
    """Inputs one after the other, as the calibration asks for them."""

    def __init__(self, name: str, inputs: list[np.ndarray]):
        self.inputs: Iterator[dict[str, np.ndarray]] = iter([{name: one} for one in inputs])

    def get_next(self) -> dict[str, np.ndarray] | None:
        return next(self.inputs, None)


def quantise(kind: str, name: str, inputs: list[np.ndarray], out: Path) -> None:
    """Write `kind`.onnx in integers to `out`; `inputs` are what its input `name` is shown."""
    plain, prepared = out / f"{kind}.single.onnx", out / f"{kind}.prepared.onnx"
    onnx.save(widened(onnx.load(SHIPPED / f"{kind}.onnx")), plain)
    quant_pre_process(str(plain), str(prepared), skip_symbolic_shape=True)
    quantize_static(
        str(prepared), str(out / f"{kind}.onnx"), Shown(name, inputs), quant_format=QuantFormat.QDQ, op_types_to_quantize=["Conv"],
        per_channel=True, activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8,
    )  # fmt: skip
    for path in (plain, prepared):
        path.unlink()


def widened(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model with its half-precision weights in single precision, without the Cast behind each."""
    weights = {tensor.name: tensor for tensor in model.graph.initializer}
    nodes = []
    for node in model.graph.node:
        if node.op_type == "Cast" and node.input[0] in weights:
            half = numpy_helper.to_array(weights.pop(node.input[0]))
            weights[node.output[0]] = numpy_helper.from_array(half.astype(np.float32), node.output[0])
        else:
            nodes.append(node)
    del model.graph.node[:], model.graph.initializer[:]
    model.graph.node.extend(nodes)
    model.graph.initializer.extend(weights.values())
    return model


def scenes(data: Path, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Backgrounds uint8 [1, 1, HEIGHT, WIDTH] with three photos of faces in each."""
    photos, backgrounds = (
        [cv2.cvtColor(p, cv2.COLOR_BGR2GRAY) for name, p in read_tar(data / f"{kind}.tar").items() if split(kind, name) == "training"]
        for kind in ("faces", "backgrounds")
    )
    for background in backgrounds[:SCENES]:
        scene = cv2.resize(background, (WIDTH, HEIGHT))
        for _ in range(3):
            size = rng.uniform(0.3, 1.6)
            photo = cv2.resize(photos[rng.integers(len(photos))], None, fx=size, fy=size)[:HEIGHT, :WIDTH]
            top, left = (int(rng.integers(0, room + 1)) for room in (HEIGHT - photo.shape[0], WIDTH - photo.shape[1]))
            scene[top : top + photo.shape[0], left : left + photo.shape[1]] = photo
        yield scene[None, None]


def agreement(folder: Path, data: Path) -> dict:
    """FER+ validation, fixed crops, by the shipped ensemble and by the one in `folder`; the mean distance of their answers."""
    cached = ferplus_crops("valid", Scorer(SHIPPED).template, SHIPPED, data)
    keep, distribution = protocol(cached["votes"])
    faces = np.ascontiguousarray(centre(cached["crops"])[keep])
    before, after = (Scorer(models).faces(faces) for models in (SHIPPED, folder))
    scores = [metrics.classification(seen["expression"], distribution[keep].argmax(1)) for seen in (before, after)]
    kept = ("accuracy", "macroF1", "calibrationError")
    distance = {name: round(float(np.abs(after[name] - before[name]).mean()), 5) for name in before if name != "members"}
    return {"shipped": {key: scores[0][key] for key in kept}, "int8": {key: scores[1][key] for key in kept}, "distance": distance}
