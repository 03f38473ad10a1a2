"""Measure the shipped models: one file of faces, or the whole table of the model card."""

from __future__ import annotations

import argparse
import importlib
import json
import time
from pathlib import Path

import numpy as np

from . import border, calibrate, metrics, presence, renders, shift
from .chain import Chain
from .data import DATA, LABELS, SIZE, load_ferplus, protocol
from .landmarker.compare import second_opinion
from .score import score_file

HERE = Path(__file__).parent
MODELS = HERE.parent


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, help="score this file alone, laid out as ferplus_valid.npz")
    parser.add_argument("--models", type=Path, default=MODELS, help="folder of the shipped files")
    parser.add_argument("--precision", choices=("single", "int8"), default="single", help="int8: the files in integers")
    parser.add_argument("--detector", type=Path, help="another detector than the shipped one")
    parser.add_argument("--shared", type=Path, default=DATA, help="folder of the data (default: ../../shared/data)")
    parser.add_argument("--renders", type=Path, default=HERE / "cache" / "synth_valid", help="held-out renders")
    parser.add_argument("--out", type=Path, default=HERE / "cache" / "evaluation.json", help="where all numbers go")
    parser.add_argument("--skip-detector", action="store_true", help="leave the detector's part of the table out")
    parser.add_argument("--skip-border", action="store_true", help="leave out faces at the picture's border, which need Node.js and ffmpeg")
    parser.add_argument("--skip-shift", action="store_true", help="leave out blurred, compressed, dark and tightly cut faces")
    parser.add_argument("--skip-presence", action="store_true", help="leave out how well faces are told from what is none")


def run(args: argparse.Namespace) -> None:
    chain = Chain(args.models, args.detector, precision=args.precision)
    if args.data:
        scores, _, _ = score_file(chain, args.data)
        print_scores(scores)
        print(json.dumps(scores))
        return
    scores, seen, _ = score_file(chain, args.shared / "ferplus_valid.npz")
    report = {"ferPlusValidation": scores}
    report["shift"] = None if args.skip_shift else under_shift(chain, args.shared)
    report["presence"] = None if args.skip_presence else face_presence(chain, seen["quality"], args.shared)
    report["members"] = {"ensembleOverBest": round(scores["accuracy"] - max(scores["memberAccuracy"]), 4)}
    report["secondOpinion"] = second_opinion(chain, args.shared)
    if any(args.renders.glob("*.npz")):
        report["heldOutRenders"] = renders.score(chain, args.renders)
    report["syntheticAlone"] = synthetic_alone(args)
    report["ablation"] = read_json(HERE / "ablation.json")
    report["cost"] = cost(chain, args.models)
    if not args.skip_detector:
        report["detector"] = measure_detector(chain.detector)
    report["border"] = faces_at_the_border(args)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(json.dumps(report, indent=1) + "\n")
    print_table(report)
    print(json.dumps(report))


def under_shift(chain: Chain, data: Path) -> dict[str, dict]:
    """How FER+'s validation faces score, through the whole chain, as users' pictures may show them."""
    images, votes = load_ferplus([data / "ferplus_valid.npz"])
    keep, distribution = protocol(votes)
    truth, report = distribution[keep].argmax(1), {}
    for name, change in shift.JUDGED.items():
        outputs, found = chain.small_pictures(shift.shifted(images[keep], change))
        told = metrics.classification(outputs["expression"], truth)
        kept = {key: told[key] for key in ("accuracy", "macroF1", "calibrationError", "negativeLogLikelihood")}
        report[name] = kept | {"found": round(float(found.mean()), 4)}
    return report


def face_presence(chain: Chain, quality: np.ndarray, data: Path) -> dict | None:
    """How many faces, and how much clutter, the card's threshold of a face lets through."""
    threshold = chain.card["thresholds"].get("face")
    if threshold is None or not (data / "faces.tar").exists():
        return None
    return {"threshold": threshold, **presence.measure(presence.qualities(chain, quality, data), threshold)}


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
    files = {p.name: p.stat().st_size for p in sorted(models.glob("*.onnx"))}
    macs = chain.card["metrics"]["multiplyAddsPerFace"]
    return {"multiplyAddsPerFace": macs, "bytes": files, "millisecondsPerFace": round(float(np.median(times)), 2)}


def measure_detector(model: Path) -> dict | None:
    """The detector's own part of the table."""
    try:
        detector = importlib.import_module("training.detector.evaluate")
    except ImportError:
        return None
    return detector.measure(model)


def faces_at_the_border(args: argparse.Namespace) -> dict | None:
    """How many faces the server's search finds that touch the picture's border, or fill it."""
    return None if args.skip_border or args.skip_detector else border.measure(args.shared)


def border_lines(told: dict | None) -> list[tuple[str, float | None, str]]:
    """Those rows of the table."""
    told = told or {}
    return [
        ("faces at the border, of those found", told.get("touching"), "0.95"),
        ("faces of 0.9 of the height, likewise", told.get("filling"), "0.95"),
    ]


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
    majority, opinion = fer["protocols"]["majority"], (report["secondOpinion"] or {}).get("sets", {}).get("held-out", {})
    turned, shifts = opinion.get("poseErrorYawPitchRoll", [None, None]), report.get("shift") or {}
    lines = [
        ("accuracy, FER+ validation, majority", majority["accuracy"], "+0.01"),
        ("accuracy, FER+ validation, all rows", fer["accuracy"], "0.870"),
        ("macro-F1, FER+ validation, all rows", fer["macroF1"], "+0.03"),
        ("landmarks, held-out photos", opinion.get("landmarkError"), "0.045"),
        ("action units told, of 21", sum(r is not None for r in (report["secondOpinion"] or {}).get("told", {}).values()), "each 0.5"),
        ("yaw, held-out photos, degrees", turned[0], "2.0"),
        ("pitch, held-out photos, degrees", turned[1], "2.5"),
        ("basic F1, synthetic alone", alone.get("basicF1"), "0.45"),
        ("ensemble over best member", report["members"]["ensembleOverBest"], "positive"),
        ("expected calibration error", fer["calibrationError"], "0.015"),
        ("the same under shift, worst of four", max((told["calibrationError"] for told in shifts.values()), default=None), "0.06"),
        ("landmarks, held-out renders", rendered.get("landmarkError"), "0.04"),
        ("pose error, degrees", rendered.get("poseError"), "5"),
        ("multiply-adds per face", price["multiplyAddsPerFace"], "400 M"),
        ("bytes of both files", sum(price["bytes"].values()), "25 M"),
        *border_lines(report.get("border")),
    ]
    for name, value, must in lines:
        print(f"{name:36} {'not measured' if value is None else value!s:>14}   must {must}")
