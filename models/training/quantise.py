"""`python -m training quantise`: beside the ensemble's file one with its convolutions in eight-bit integers (static, QDQ, a scale for
each channel), calibrated on faces that training may see; what the card says of it is measured here. `--trial FOLDER` does the
same with the detector, on scenes, which then finds too few faces to ship.

Activations between convolutions stay in single precision: SiLU and the heads lose more by integers than they gain. So do the
convolutions that a head reads: one scale for all of their channels does not fit both a logit and a distance in pixels. And so do the
ensemble's first two, which are faster so, and whose rounding goes through all that follows."""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import onnx
from onnx import TensorProto, numpy_helper
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

from . import metrics
from .chain import Chain
from .data import DATA, centre, cut_crops, find_points, load_ferplus, protocol
from .detector.sources import read_tar
from .export import MODELS, store_halves
from .splits import split

FACES, TOGETHER = 1024, 64
METHODS = {"ensemble": CalibrationMethod.Percentile, "detector": CalibrationMethod.MinMax}
PERCENTILE = 99.999  # of what a map holds: above it values are cut
FIRST = re.compile(r"/backbone\.[01]/")  # in the names of a member's first two convolutions
SCENES, WIDTH, HEIGHT = 48, 640, 384
LAST = 15  # channels of the detector's last convolutions: score, centre, size, five points


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--models", type=Path, default=MODELS, help="folder of both files and their cards, where the one in integers goes")
    parser.add_argument("--data", type=Path, default=DATA, help="folder of the data (default: ../../shared/data)")
    parser.add_argument("--trial", type=Path, help="make the detector instead, in this folder, and measure it")


def run(args: argparse.Namespace) -> None:
    rng = np.random.default_rng(0)
    if args.trial:
        args.trial.mkdir(parents=True, exist_ok=True)
        for name in ("detector.onnx", "detector.json"):
            shutil.copy(args.models / name, args.trial / name)
        quantise(args.trial, "detector", "frames", list(scenes(args.data, rng)))
        print(json.dumps(measured_detector(args.trial, args.data)))
        return
    quantise(args.models, "ensemble", "faces", np.split(faces(args.models, args.data, rng), FACES // TOGETHER))
    told = measured(args.models, args.data)
    describe(args.models, "ensemble", told)
    print(json.dumps(told))


class Shown(CalibrationDataReader):
    """Inputs one after the other, as the calibration asks for them."""

    def __init__(self, name: str, inputs: list[np.ndarray]):
        self.inputs: Iterator[dict[str, np.ndarray]] = iter([{name: one} for one in inputs])

    def get_next(self) -> dict[str, np.ndarray] | None:
        return next(self.inputs, None)


def quantise(models: Path, kind: str, name: str, inputs: list[np.ndarray]) -> None:
    """Write `kind`.int8.onnx beside `kind`.onnx, and name it in the card; `inputs` are what its input `name` is shown."""
    plain, prepared, integers = (models / f"{kind}.{part}.onnx" for part in ("plain", "prepared", "int8"))
    onnx.save(widened(onnx.load(models / f"{kind}.onnx")), plain)
    quant_pre_process(str(plain), str(prepared), skip_symbolic_shape=True)
    quantize_static(
        str(prepared), str(integers), Shown(name, inputs), quant_format=QuantFormat.QDQ, op_types_to_quantize=["Conv"],
        nodes_to_exclude=kept_single(onnx.load(prepared), kind), per_channel=True,
        activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8,
        calibrate_method=METHODS[kind], extra_options={"CalibPercentile": PERCENTILE},
    )  # fmt: skip
    for path in (plain, prepared):
        path.unlink()
    write(models, kind, onnx.load(integers))
    describe(models, kind, {})


def kept_single(model: onnx.ModelProto, kind: str) -> list[str]:
    """The names of the convolutions that stay in single precision: the ensemble's of 1 x 1 and its members' first two, the detector's
    last ones."""
    shapes = {tensor.name: tuple(tensor.dims) for tensor in model.graph.initializer}
    convolutions = [(node.name, shapes[node.input[1]]) for node in model.graph.node if node.op_type == "Conv"]
    if kind == "detector":
        return [name for name, (out, *_) in convolutions if out == LAST]
    return [name for name, (_, _, height, _) in convolutions if height == 1 or FIRST.search(name)]


def write(models: Path, kind: str, model: onnx.ModelProto) -> None:
    """The file, all weights that are not integers stored as halves but the scales, which their operators take as they are."""
    scales = {name for node in model.graph.node if node.op_type in ("QuantizeLinear", "DequantizeLinear") for name in node.input}
    (models / f"{kind}.int8.onnx").write_bytes(store_halves(model, scales).SerializeToString())


def describe(models: Path, kind: str, told: dict) -> None:
    """What the card says of the file in integers: its hash, that of the file that it was made from, and numbers."""
    path, integers = models / f"{kind}.json", models / f"{kind}.int8.onnx"
    card, data = json.loads(path.read_text()), integers.read_bytes()
    single = hashlib.sha256((models / card["file"]).read_bytes()).hexdigest()
    card["int8"] = {"file": integers.name, "sha256": hashlib.sha256(data).hexdigest(), "madeFrom": single, "bytes": len(data), "metrics": told}
    path.write_text(json.dumps(card, indent=2) + "\n")


def widened(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model with its half-precision weights in single precision, without the Cast behind each."""
    weights = {tensor.name: tensor for tensor in model.graph.initializer}
    nodes = []
    for node in model.graph.node:
        if node.op_type == "Cast" and node.input[0] in weights and weights[node.input[0]].data_type == TensorProto.FLOAT16:
            half = numpy_helper.to_array(weights.pop(node.input[0]))
            weights[node.output[0]] = numpy_helper.from_array(half.astype(np.float32), node.output[0])
        else:
            nodes.append(node)
    del model.graph.node[:], model.graph.initializer[:]
    model.graph.node.extend(nodes)
    model.graph.initializer.extend(weights.values())
    return model


def faces(models: Path, data: Path, rng: np.random.Generator) -> np.ndarray:
    """Crops uint8 [FACES, 1, S, S] of FER+'s training faces, cut as along a track of the server."""
    images, _ = load_ferplus([data / f"ferplus_train_{half}.npz" for half in (0, 1)])
    images = images[rng.choice(len(images), FACES, replace=False)]
    template = json.loads((models / "ensemble.json").read_text())["crop"]["template"]
    crops, _ = cut_crops(images, *find_points(images, models), template)
    return np.ascontiguousarray(centre(crops))[:, None]


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


def measured(models: Path, data: Path) -> dict:
    """FER+ validation through the whole chain in integers, with temperature and biases of the file in single precision; and how far its
    answers are from that file's."""
    images, votes = load_ferplus([data / "ferplus_valid.npz"])
    keep, distribution = protocol(votes)
    truth, images = distribution[keep].argmax(1), images[keep]
    chain = Chain(models)
    points = find_points(images, chain.detector)
    before, seen = (one.read(images, *points) for one in (chain, Chain(models, precision="int8")))
    scores = metrics.calibrated(seen["expression"], truth)
    scores["memberAccuracy"] = [round(float((member.argmax(1) == truth).mean()), 4) for member in seen["members"]]
    return {"ferPlusValidation": scores, "besideSinglePrecision": distances(seen, before)}


def distances(seen: dict[str, np.ndarray], before: dict[str, np.ndarray]) -> dict[str, float]:
    """How far the answers of both are from each other: the share of faces that have the same label, means of the differences, and
    the lowest of the action units' correlations."""
    units = [np.corrcoef(a, b)[0, 1] for a, b in zip(seen["action_units"].T, before["action_units"].T)]
    told = {"sameLabel": float((seen["expression"].argmax(1) == before["expression"].argmax(1)).mean()), "actionUnitsLowestR": float(np.min(units))}
    names = {"valence_arousal": "valenceArousal", "action_units": "actionUnits", "landmarks": "landmarks", "pose": "poseDegrees", "quality": "quality"}
    told |= {name: float(np.abs(seen[key] - before[key]).mean()) for key, name in names.items()}
    return {name: round(value, 4) for name, value in told.items()}


def measured_detector(models: Path, data: Path) -> dict:
    """What a card says of the detector, of its file in integers."""
    from .detector.config import DEFAULT_VIDEOS
    from .detector.evaluate import evaluate

    told = evaluate(data, Path(DEFAULT_VIDEOS), models / "detector.int8.onnx")
    return {name: told[name] for name in ("photos", "clips", "falseFaces")}
