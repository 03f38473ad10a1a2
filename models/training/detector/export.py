"""Write `detector.onnx` and its card: `python -m training detector-export`."""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path

import numpy as np
import onnx
import torch

from .config import DEFAULT_DATA, DEFAULT_VIDEOS, MODELS, RUNS
from .evaluate import LONGER_SIDE, evaluate
from .graph import write_graph
from .network import Detector
from .runtime import open_session

TOLERANCE = 1e-4  # of scores; of pixels, per 100 pixels
SHAPES = ((1, 64, 64), (2, 192, 320), (3, 96, 160), (1, 384, 640))
SOURCES = [
    {"name": "Face-Mask-Detection photos", "terms": "MIT repository, photos collected from the web", "use": "faces"},
    {"name": "FER2013 images with FER+ (training split)", "terms": "Kaggle 2013; labels MIT", "use": "small faces"},
    {"name": "imagenet-sample-images", "terms": "one picture of each ImageNet class, for research", "use": "backgrounds"},
    {"name": "ICT-FaceKit light", "terms": "MIT", "use": "rendered heads"},
    {"name": "YuNet", "terms": "Apache-2.0 / BSD", "use": "boxes and landmarks of the photos; no weights are shipped"},
]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `detector-export`."""
    parser.add_argument("--data", type=Path, default=Path(DEFAULT_DATA))
    parser.add_argument("--videos", type=Path, default=Path(DEFAULT_VIDEOS))
    parser.add_argument("--checkpoint", type=Path, default=RUNS / "shipped" / "last.pt")
    parser.add_argument("--out", type=Path, default=MODELS, help="folder of detector.onnx and detector.json")
    parser.add_argument("--version", default="1.0.0")
    parser.add_argument("--score", type=float, default=0.5, help="threshold on the score")
    parser.add_argument("--nms", type=float, default=0.4, help="greatest overlap of two faces")
    parser.add_argument("--min-face", type=float, default=16.0, help="pixels; smaller answers are not to be trusted")
    parser.add_argument("--skip-metrics", action="store_true", help="leave the card's metrics out")


def run(args: argparse.Namespace) -> Path:
    """Export, verify, measure, write; gives the card's path."""
    network = load_network(args.checkpoint)
    model = write_graph(network)
    data = model.SerializeToString()
    verify(network, data)
    args.out.mkdir(parents=True, exist_ok=True)
    (args.out / "detector.onnx").write_bytes(data)
    thresholds = {"score": args.score, "nms": args.nms, "minFace": args.min_face}
    metrics = None if args.skip_metrics else evaluate(args.data, args.videos, data, thresholds)
    card = describe(model, data, thresholds, metrics, args.version)
    path = args.out / "detector.json"
    path.write_text(json.dumps(card, indent=2) + "\n")
    print(json.dumps(card["metrics"], indent=2))
    return path


def load_network(checkpoint: Path) -> Detector:
    """The averaged weights of a checkpoint."""
    network = Detector()
    network.load_state_dict(torch.load(checkpoint, map_location="cpu", weights_only=True)["average"])
    return network.eval()


def verify(network: Detector, model: bytes, pictures: list[np.ndarray] | None = None) -> float:
    """The greatest difference to PyTorch on noise of several shapes, and on `pictures` uint8 [N, 1, H, W].

    Pixels count per 100 pixels of distance. Raises where it is over the tolerance.
    """
    session, rng, worst = open_session(model), np.random.default_rng(0), 0.0
    inputs = [rng.integers(0, 256, (n, 1, h, w), np.uint8) for n, h, w in SHAPES] + (pictures or [])
    for frames in inputs:
        with torch.no_grad():
            expected = [a.numpy() for a in network(torch.from_numpy(frames))]
        for found, wanted, unit in zip(session.run(None, {"frames": frames}), expected, (100, 1, 100)):
            worst = max(worst, float(np.abs(found - wanted).max()) / unit)
    if worst > TOLERANCE:
        raise ValueError(f"the exported graph differs from PyTorch by {worst:.2g}")
    return worst


def describe(model: onnx.ModelProto, data: bytes, thresholds: dict, metrics: dict | None, version: str) -> dict:
    """The card of an exported model."""
    parameters = sum(int(np.prod(i.dims)) for i in model.graph.initializer)
    return {
        "name": "mien-detector",
        "version": version,
        "file": "detector.onnx",
        "sha256": hashlib.sha256(data).hexdigest(),
        "bytes": len(data),
        "parameters": parameters,
        "license": "MIT",
        "input": {
            "name": "frames",
            "pixelFormat": "gray8",
            "layout": "NCHW",
            "multipleOf": 32,
            "longerSide": LONGER_SIDE,
        },
        "outputs": {
            "boxes": "float32 [n, candidates, 4]: x1, y1, x2, y2 in pixels",
            "scores": "float32 [n, candidates]: 0 to 1",
            "landmarks": "float32 [n, candidates, 5, 2]: right eye, left eye, nose, right and left mouth corner, "
            "named as seen in the picture from left to right; in pixels",
        },
        "thresholds": thresholds,
        "trainingData": SOURCES,
        "metrics": metrics,
    }
