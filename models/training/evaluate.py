"""Measure the shipped models: one file of faces, or the whole table of the model card."""

from __future__ import annotations

import argparse
import importlib
import json
import time
from pathlib import Path

import numpy as np

from . import calibrate, metrics, presence, renders
from .chain import Chain
from .data import DATA, LABELS, SIZE, load_ferplus, majority, protocol, repeated

HERE = Path(__file__).parent
MODELS = HERE.parent


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, help="score this file alone, laid out as ferplus_valid.npz")
    parser.add_argument("--models", type=Path, default=MODELS, help="folder of the shipped files")
    parser.add_argument("--detector", type=Path, help="another detector than the shipped one")
    parser.add_argument("--shared", type=Path, default=DATA, help="folder of the data (default: ../../shared/data)")
    parser.add_argument("--renders", type=Path, default=HERE / "cache" / "synth_valid", help="held-out renders")
    parser.add_argument("--out", type=Path, default=HERE / "cache" / "evaluation.json", help="where all numbers go")
    parser.add_argument("--skip-detector", action="store_true", help="leave the detector's part of the table out")


def run(args: argparse.Namespace) -> None:
    chain = Chain(args.models, args.detector)
    if args.data:
        scores, _, _ = score_file(chain, args.data)
        print_scores(scores)
        print(json.dumps(scores))
        return
    scores, seen, _ = score_file(chain, args.shared / "ferplus_valid.npz")
    report = {"ferPlusValidation": scores, "presence": tell_faces(chain, seen["quality"], args.shared)}
    report["members"] = {"ensembleOverBest": round(scores["accuracy"] - max(scores["memberAccuracy"]), 4)}
    report["secondOpinion"] = second_opinion(chain, args.shared)
    if any(args.renders.glob("*.npz")):
        report["heldOutRenders"] = renders.score(chain, args.renders)
    report["syntheticAlone"] = synthetic_alone(args)
    report["ablation"] = read_json(HERE / "ablation.json")
    report["cost"] = cost(chain, args.models)
    if not args.skip_detector:
        report["detector"] = measure_detector()
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(json.dumps(report, indent=1) + "\n")
    print_table(report)
    print(json.dumps(report))


def score_file(chain: Chain, path: Path) -> tuple[dict, dict[str, np.ndarray], np.ndarray]:
    """Protocol numbers of one file through the whole chain; outputs by name and truth [N] of the kept rows."""
    images, votes = load_ferplus([path])
    keep, distribution = protocol(votes)
    truth = distribution[keep].argmax(1)
    outputs, found = chain.small_pictures(images[keep])
    probabilities = outputs["expression"]
    scores = metrics.classification(probabilities, truth)
    scores["protocols"] = protocols(probabilities, truth, majority(votes)[keep], seen_in_training(images[keep], path.parent))
    scores["found"] = round(float(found.mean()), 4)
    scores["reliability"] = calibrate.reliability(probabilities, truth)
    scores["memberAccuracy"] = [round(float((m.argmax(1) == truth).mean()), 4) for m in outputs["members"]]
    scores["abstained"] = abstaining(chain, probabilities, truth)
    scores["byQuality"] = by_quality(outputs["quality"], probabilities.argmax(1) == truth)
    return scores, outputs, truth


def protocols(probabilities: np.ndarray, truth: np.ndarray, most: np.ndarray, seen: np.ndarray | None) -> dict[str, dict]:
    """Numbers with 95 % intervals by set of faces: `all` rows by plurality; `majority`, the rows that papers report (`most`
    bool [N]); both again without those that training `seen` bool [N], None where the training files are not there."""
    everything = np.ones(len(truth), bool)
    sets = {"all": everything, "majority": most}
    if seen is not None:
        sets |= {"allWithoutRepeated": ~seen, "majorityWithoutRepeated": most & ~seen}
    table = {}
    for name, rows in sets.items():
        told = metrics.classification(probabilities[rows], truth[rows])
        kept = ("faces", "accuracy", "macroF1", "meanRecall", "calibrationError")
        table[name] = {key: told[key] for key in kept} | {"interval95": metrics.intervals(probabilities[rows], truth[rows])}
    return table


def seen_in_training(images: np.ndarray, data: Path) -> np.ndarray | None:
    """Which of `images` FER+'s training files hold too, pixel by pixel; None where those are not in the folder `data`."""
    paths = [data / f"ferplus_train_{half}.npz" for half in (0, 1)]
    return repeated(images, load_ferplus(paths)[0]) if all(path.exists() for path in paths) else None


def tell_faces(chain: Chain, quality: np.ndarray, data: Path) -> dict | None:
    """How many faces, and how much clutter, the card's threshold of a face lets through."""
    threshold = chain.card["thresholds"].get("face")
    if threshold is None or not (data / "faces.tar").exists():
        return None
    return {"threshold": threshold, **presence.measure(presence.qualities(chain, quality, data), threshold)}


def second_opinion(chain: Chain, data: Path) -> dict | None:
    """How far landmarks, pose and action units agree with MediaPipe's face landmarker; None where its file is not there."""
    if not (data / "face_landmarker.task").exists():
        return None
    from .landmarker import compare

    sets = compare.compare(chain, data)
    return {"sets": sets, "told": compare.told(sets)}


def abstaining(chain: Chain, probabilities: np.ndarray, truth: np.ndarray) -> dict:
    """What the confidence threshold of the card leaves out, and the accuracy on both sides of it."""
    right, low = probabilities.argmax(1) == truth, probabilities.max(1) < chain.card["thresholds"]["confidence"]
    mean = lambda rows: round(float(right[rows].mean()), 4) if rows.any() else None
    return {"share": round(float(low.mean()), 4), "accuracyBelow": mean(low), "accuracyAbove": mean(~low)}


def by_quality(quality: np.ndarray, right: np.ndarray, parts: int = 4) -> list[dict]:
    """Accuracy by quarters of the quality score, lowest first."""
    quarters = np.array_split(np.argsort(quality), parts)
    mean = lambda values: round(float(values.mean()), 4)
    return [{"quality": mean(quality[q]), "accuracy": mean(right[q])} for q in quarters if len(q)]


def synthetic_alone(args: argparse.Namespace) -> dict | None:
    """Mean F1 of the six basic expressions on FER+ validation of the network that saw renders only."""
    path = HERE / "checkpoints" / "synthetic.pt"
    if not path.exists():
        return None
    import torch

    from .data import centre, ferplus_crops
    from .ensemble import load_members
    from .weights import predict

    networks, _ = load_members([torch.load(path, map_location="cpu", weights_only=True)])
    template = json.loads((args.models / "ensemble.json").read_text())["crop"]["template"]
    cached = ferplus_crops("valid", template, args.detector or args.models / "detector.onnx", args.shared)
    keep, distribution = protocol(cached["votes"])
    faces, truth = centre(cached["crops"])[keep], distribution[keep].argmax(1)
    logits = predict(networks[0], faces)["expression"] + predict(networks[0], faces[:, :, ::-1])["expression"]
    eight = metrics.classification(calibrate.softmax(logits / 2), truth)
    return {"basicF1": metrics.basic_f1(logits, truth), "basicF1AmongEight": eight["basicF1"], "accuracy": eight["accuracy"]}


def cost(chain: Chain, models: Path) -> dict:
    """Multiply-adds, bytes and milliseconds per face on one thread."""
    batch = np.zeros((8, SIZE, SIZE), np.uint8)
    times = []
    for _ in range(12):
        began = time.perf_counter()
        chain.faces(batch)
        times.append((time.perf_counter() - began) / len(batch) * 1000)
    files = {p.name: p.stat().st_size for p in (models / "ensemble.onnx", models / "detector.onnx") if p.exists()}
    macs = chain.card["metrics"]["multiplyAddsPerFace"]
    return {"multiplyAddsPerFace": macs, "bytes": files, "millisecondsPerFace": round(float(np.median(times)), 2)}


def measure_detector() -> dict | None:
    """The detector's own part of the table."""
    try:
        detector = importlib.import_module("training.detector.evaluate")
    except ImportError:
        return None
    return detector.measure()


def read_json(path: Path) -> dict | None:
    return json.loads(path.read_text()) if path.exists() else None


def print_scores(scores: dict) -> None:
    width = max(len(name) for name in LABELS)
    print(f"faces {scores['faces']}, found {scores['found']:.3f}, accuracy {scores['accuracy']:.4f}, "
          f"calibration error {scores['calibrationError']:.4f}")  # fmt: skip
    for name, told in scores["protocols"].items():
        means = [f"{key} {told[key]:.4f} ({low:.4f} to {high:.4f})" for key, (low, high) in told["interval95"].items()]
        print(f"{name}: {told['faces']} faces,", ", ".join(means))
    for name, counts in zip(LABELS, scores["confusion"]):
        print(f"{name:{width}} recall {scores['recall'][name]:.3f} f1 {scores['f1'][name]:.3f} ", *(f"{c:5d}" for c in counts))


def print_table(report: dict) -> None:
    """What was measured against what must be reached."""
    fer, rendered = report["ferPlusValidation"], report.get("heldOutRenders") or {}
    alone, price = report["syntheticAlone"] or {}, report["cost"]
    lines = [
        ("accuracy, FER+ validation", fer["accuracy"], "0.855"),
        ("basic F1, synthetic alone", alone.get("basicF1"), "0.36"),
        ("ensemble over best member", report["members"]["ensembleOverBest"], "positive"),
        ("expected calibration error", fer["calibrationError"], "0.03"),
        ("landmark error / eye distance", rendered.get("landmarkError"), "0.04"),
        ("pose error, degrees", rendered.get("poseError"), "5"),
        ("multiply-adds per face", price["multiplyAddsPerFace"], "400 M"),
        ("bytes of both files", sum(price["bytes"].values()), "25 M"),
    ]
    for name, value, must in lines:
        print(f"{name:32} {'not measured' if value is None else value!s:>14}   must {must}")
