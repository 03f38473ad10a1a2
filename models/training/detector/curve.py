"""The operating curve on the tuning pictures, by which the threshold is chosen: `python -m training detector-curve`.

Neither training nor the reported numbers see these pictures.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np

from .boxes import area, iou
from .config import DEFAULT_DATA, MODELS
from .evaluate import LOW, MATCH, SMALLEST, SURE, backgrounds, photos
from .export import load_network
from .graph import write_graph
from .runtime import Runtime
from .teacher import Teacher

SIDES = (320, 480, 640)
THRESHOLDS = np.arange(0.2, 0.96, 0.05)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `detector-curve`."""
    parser.add_argument("--data", type=Path, default=Path(DEFAULT_DATA))
    parser.add_argument("--model", type=Path, default=MODELS / "detector.onnx", help="an exported file, or a checkpoint")
    parser.add_argument("--nms", type=float, default=0.4)
    parser.add_argument("--min-face", type=float, default=16.0)


def run(args: argparse.Namespace) -> None:
    """Print a table: threshold, share of the teacher's faces found, false faces per picture without faces."""
    model = write_graph(load_network(args.model)).SerializeToString() if args.model.suffix == ".pt" else args.model
    ours, teacher = Runtime(model, args.nms, args.min_face), Teacher(args.data / "yunet_n_dynamic.onnx")
    found = scores_of_faces(ours, teacher, photos(args.data, "tuning"))
    false, pictures = scores_of_nothing(ours, teacher, mirrored(backgrounds(args.data, "tuning", SIDES)))
    print(f"{len(found)} faces, {pictures} pictures without\nthreshold  found   false")
    for t in THRESHOLDS:
        print(f"{t:.2f}       {(found >= t).mean():.4f}  {(false >= t).sum() / pictures:.4f}")


def mirrored(pictures):
    """Each picture, and its mirror image."""
    for picture in pictures:
        yield from (picture, np.ascontiguousarray(picture[:, ::-1]))


def scores_of_faces(ours: Runtime, teacher: Teacher, pictures) -> np.ndarray:
    """Our score [F] for each of the teacher's sure faces; 0 where there is none of ours."""
    scores = [np.zeros(0)]
    for picture in pictures:
        faces = teacher.detect(picture, SURE)
        faces = faces[np.sqrt(area(faces)) >= SMALLEST]
        mine = ours.detect(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), THRESHOLDS[0])
        scores.append(((iou(faces[:, :4], mine[:, :4]) >= MATCH) * mine[:, 14]).max(1, initial=0))
    return np.concatenate(scores)


def scores_of_nothing(ours: Runtime, teacher: Teacher, pictures) -> tuple[np.ndarray, int]:
    """Scores [F] of our faces in pictures where not even a hesitant teacher sees one, and how many those are."""
    scores, count = [np.zeros(0)], 0
    for picture in pictures:
        if not len(teacher.detect(picture, LOW)):
            count += 1
            scores.append(ours.detect(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), THRESHOLDS[0])[:, 14])
    return np.concatenate(scores), count
