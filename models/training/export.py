"""Write models/ensemble.onnx and its card from the members' checkpoints."""

from __future__ import annotations

import argparse
import hashlib
import io
import json
from collections.abc import Set
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper

from . import calibrate, metrics, presence
from .chain import Chain
from .data import DATA, LABELS, SIZE, load_ferplus, protocol
from .ensemble import OUTPUTS, Ensemble, load_members, round_weights
from .landmarker.compare import second_opinion
from .networks import multiply_adds
from .weights import interpolated

HERE = Path(__file__).parent
MODELS = HERE.parent
ALLOWED = {
    "Add", "AveragePool", "Cast", "Clip", "Concat", "Constant", "Conv", "Div", "Flatten", "Gather", "Gemm", "Identity",
    "MatMul", "Mul", "Pad", "ReduceMean", "ReduceSum", "Relu", "Reshape", "Resize", "Shape", "Sigmoid", "Slice", "Softmax",
    "SpaceToDepth", "Split", "Sqrt", "Squeeze", "Sub", "Tanh", "Transpose", "Unsqueeze", "GlobalAveragePool",
}  # fmt: skip


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", type=Path, default=HERE / "config.json")
    parser.add_argument("--runs", type=Path, default=HERE / "runs", help="folder of the members' checkpoints")
    parser.add_argument("--out", type=Path, default=MODELS, help="folder of ensemble.onnx and ensemble.json")
    parser.add_argument("--data", type=Path, default=DATA, help="folder of the FER+ files (default: ../../shared/data)")
    parser.add_argument("--detector", type=Path, default=None, help="what finds the five points for calibration")
    parser.add_argument("--start", type=Path, help="folder of the checkpoints that the runs began with: ship weights between both")
    parser.add_argument("--share", type=float, default=0.8, help="how far from `--start` to the runs (default: %(default)s)")
    parser.add_argument("--save-checkpoints", type=Path, help="also write compact checkpoints to this folder")


def run(args: argparse.Namespace) -> None:
    config = json.loads(args.config.read_text())
    paths = [args.runs / f"{member['name']}.pt" for member in config["members"]]
    states = [load(path, args) for path in paths if path.exists()]
    networks, units = load_members(states)
    networks = [round_weights(network) for network in networks]
    ensemble = Ensemble(networks, units, 1.0, config.get("quality", [0.0, 1.0]), config.get("flips", True)).eval()
    args.out.mkdir(parents=True, exist_ok=True)
    measured = {"thresholds": {"confidence": 0.3}}
    worst = write(ensemble, config, states, measured, args)
    if (args.data / "ferplus_valid.npz").exists():
        measured = calibrated(args)
        ensemble.temperature = measured["temperature"]
        ensemble.shift(measured["bias"])
        worst = write(ensemble, config, states, measured, args)
    if args.save_checkpoints:
        save_compact(states, args.save_checkpoints)
    print(json.dumps({"file": str(args.out / "ensemble.onnx"), "differsFromTorch": worst, **measured}))


def load(path: Path, args: argparse.Namespace) -> dict:
    """A run's checkpoint; with `--start`, its averaged weights moved back towards those that it began with."""
    state = torch.load(path, map_location="cpu", weights_only=True)
    if args.start is not None:
        began = torch.load(args.start / path.name, map_location="cpu", weights_only=True)
        state["average"] = interpolated(began["average"], state["average"], args.share)
    return state


def write(ensemble: Ensemble, config: dict, states: list[dict], measured: dict, args) -> float:
    """The file and its card in `args.out`; by how much the file differs from PyTorch."""
    path = args.out / "ensemble.onnx"
    path.write_bytes(to_onnx(ensemble))
    worst = verify(path, ensemble, real_faces(args))
    card = describe(path, config, states, ensemble, measured)
    (args.out / "ensemble.json").write_text(json.dumps(card, indent=2) + "\n")
    return worst


def calibrated(args) -> dict:
    """Temperature, bias and thresholds by FER+'s validation rows, read through the whole chain with a file that has neither."""
    chain = Chain(args.out, args.detector or (None if (args.out / "detector.onnx").exists() else MODELS / "detector.onnx"))
    images, votes = load_ferplus([args.data / "ferplus_valid.npz"])
    keep, distribution = protocol(votes)
    truth = distribution[keep].argmax(1)
    seen, _ = chain.small_pictures(images[keep])
    logits = np.log(np.maximum(seen["members"], 1e-12))
    temperature, bias = (np.round(value, 3) for value in calibrate.fit(logits, truth))
    probabilities = calibrate.ensemble_probabilities(logits + bias, temperature)
    found = {
        "temperature": float(temperature),
        "bias": bias.tolist(),
        "thresholds": {"confidence": calibrate.abstention_threshold(probabilities, truth)},
        "accuracy": round(float((probabilities.argmax(1) == truth).mean()), 4),
        "memberAccuracy": [round(float((m.argmax(1) == truth).mean()), 4) for m in seen["members"]],
        "calibrationError": round(calibrate.calibration_error(probabilities, truth), 4),
        "crossValidated": metrics.calibrated(calibrate.cross_validated(logits, truth), truth),
    }
    told = second_opinion(chain, args.data)
    if told is not None:
        found["told"] = told["told"]
    if (args.data / "faces.tar").exists():
        qualities = presence.qualities(chain, seen["quality"], args.data)
        found["thresholds"]["face"] = presence.choose(qualities)
    return found


@torch.no_grad()
def outputs(ensemble: Ensemble, faces: np.ndarray, step: int = 256) -> dict[str, np.ndarray]:
    """The graph's outputs by name, in PyTorch, on faces uint8 [N, S, S]."""
    parts = [ensemble(torch.from_numpy(faces[i : i + step][:, None].copy())) for i in range(0, len(faces), step)]
    joined = [torch.cat(p, 1 if name == "members" else 0).numpy() for name, p in zip(OUTPUTS, zip(*parts))]
    return dict(zip(OUTPUTS, joined))


def to_onnx(ensemble: Ensemble) -> bytes:
    """The graph as ONNX with half-precision weights."""
    buffer = io.BytesIO()
    example = torch.zeros(2, 1, SIZE, SIZE, dtype=torch.uint8)
    axes = {name: {1 if name == "members" else 0: "F"} for name in OUTPUTS} | {"faces": {0: "F"}}
    torch.onnx.export(
        ensemble, (example,), buffer, input_names=["faces"], output_names=list(OUTPUTS), dynamic_axes=axes,
        opset_version=17, dynamo=False,
    )  # fmt: skip
    model = store_halves(onnx.load_from_string(buffer.getvalue()))
    onnx.checker.check_model(model, full_check=True)
    unknown = {node.op_type for node in model.graph.node} - ALLOWED
    if unknown:
        raise ValueError(f"operators that onnxruntime's webgpu provider may lack: {sorted(unknown)}")
    return model.SerializeToString()


def store_halves(model: onnx.ModelProto, exact: Set[str] = frozenset()) -> onnx.ModelProto:
    """Store float32 initialisers, but those that are named `exact`, as float16 with a Cast, which the runtime folds when it loads
    the file."""
    casts, kept = [], []
    for tensor in model.graph.initializer:
        if tensor.data_type != TensorProto.FLOAT or np.prod(tensor.dims) < 64 or tensor.name in exact:
            kept.append(tensor)
            continue
        half = numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float16), tensor.name + "_half")
        casts.append(helper.make_node("Cast", [half.name], [tensor.name], to=TensorProto.FLOAT))
        kept.append(half)
    del model.graph.initializer[:]
    model.graph.initializer.extend(kept)
    nodes = list(model.graph.node)
    del model.graph.node[:]
    model.graph.node.extend(casts + nodes)
    return model


def verify(path: Path, ensemble: Ensemble, faces: np.ndarray, tolerance: float = 1e-4) -> float:
    """Compare the file with PyTorch on random and real faces, in batches of 1 and more; the largest difference."""
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    random = np.random.default_rng(0).integers(0, 256, (5, SIZE, SIZE)).astype(np.uint8)
    worst = 0.0
    for batch in (random, random[:1], faces[:16]):
        expected = outputs(ensemble, batch)
        got = session.run(list(OUTPUTS), {"faces": batch[:, None]})
        for name, value in zip(OUTPUTS, got):
            scale = 60.0 if name == "pose" else 1.0  # degrees, compared in the network's unit
            worst = max(worst, float(np.abs(value - expected[name]).max()) / scale)
    if worst > tolerance:
        raise ValueError(f"ONNX differs from PyTorch by {worst}")
    return worst


def real_faces(args) -> np.ndarray:
    """A few pictures of FER+ as they are, uint8 [N, SIZE, SIZE]."""
    path = args.data / "ferplus_valid.npz"
    return load_ferplus([path])[0][:16] if path.exists() else np.zeros((1, SIZE, SIZE), np.uint8)


def describe(path: Path, config: dict, states: list[dict], ensemble: Ensemble, measured: dict) -> dict:
    """The card beside the file."""
    members = [state["member"]["name"] for state in states]
    passes = 2 if ensemble.flips else 1
    macs = passes * sum(multiply_adds(network, SIZE) for network in ensemble.networks)
    card = {"name": config["name"], "version": config["version"], "file": path.name}
    card |= {"sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "license": "MIT"}
    card["input"] = {"name": "faces", "pixelFormat": "gray8", "size": SIZE, "layout": "F1SS uint8"}
    card["crop"] = config["crop"]
    card |= {"labels": list(LABELS), "actionUnits": states[0]["units"], "landmarks": "multi-pie-68"}
    if "told" in measured:
        card["actionUnitsTold"] = measured["told"]
    card["pose"] = {"unit": "degrees", "order": ["yaw", "pitch", "roll"], **config.get("poseNotes", {})}
    card["thresholds"] = measured["thresholds"] | config["thresholds"]
    card |= {"temperature": ensemble.temperature, "bias": measured.get("bias"), "members": members, "flips": ensemble.flips}
    card["trainingData"] = config["trainingData"]
    card["metrics"] = {"ferPlusValidation": {k: v for k, v in measured.items() if k not in ("temperature", "bias", "thresholds", "told")}}
    card["metrics"]["multiplyAddsPerFace"] = macs
    return card


def save_compact(states: list[dict], folder: Path) -> None:
    """Averaged weights in half precision, for `train --init`."""
    folder.mkdir(parents=True, exist_ok=True)
    for state in states:
        average = {n: v.half() if v.is_floating_point() else v for n, v in state["average"].items()}
        torch.save({"average": average, "member": state["member"], "units": state["units"]}, folder / f"{state['member']['name']}.pt")
