"""Measure the shipped detector against its teacher: `python -m training detector-evaluate`.

Held-out photos and clips give recall and landmarks; held-out backgrounds, in which the teacher sees
nothing even at a low threshold, give false faces.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import cv2
import numpy as np

from ..scorer import card_of
from ..splits import split
from .boxes import iou
from .config import DEFAULT_DATA, DEFAULT_VIDEOS, MODELS
from .runtime import Runtime, fastest, open_session
from .sources import read_tar
from .teacher import Teacher

SMALLEST = 24.0  # pixels, square root of the box's area
SURE, LOW = 0.7, 0.25  # the teacher's faces; the score under which it surely sees none
MATCH = 0.5  # intersection over union
LONGER_SIDE = 640
SIZES = ((384, 640), (192, 320))  # height and width of the timed inputs


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `detector-evaluate`."""
    parser.add_argument("--data", type=Path, default=Path(DEFAULT_DATA))
    parser.add_argument("--videos", type=Path, default=Path(DEFAULT_VIDEOS))
    parser.add_argument("--model", type=Path, default=MODELS / "detector.onnx")


def run(args: argparse.Namespace) -> None:
    """Print the measures as JSON."""
    print(json.dumps(evaluate(args.data, args.videos, args.model), indent=2))


def measure(model: Path = MODELS / "detector.onnx") -> dict:
    """All measures of the shipped model, or another, on the data where it is expected."""
    return evaluate(Path(DEFAULT_DATA), Path(DEFAULT_VIDEOS), model)


def evaluate(data: Path, videos: Path, model: Path | bytes, thresholds: dict | None = None) -> dict:
    """All measures. `thresholds` (score, nms, minFace) default to those of the card beside the model."""
    thresholds = thresholds or json.loads(card_of(Path(model)).read_text())["thresholds"]
    ours = Runtime(model, thresholds["nms"], thresholds["minFace"])
    teacher = Teacher(Path(data) / "yunet_n_dynamic.onnx")
    score = thresholds["score"]
    found = compare(ours, teacher, photos(data), score)
    clips = {clip.stem: compare(ours, teacher, frames(clip), score) for clip in sorted(Path(videos).glob("*.mp4"))}
    empty = false_faces(ours, teacher, backgrounds(data), score)
    return {
        "photos": summary([found]),
        "clips": summary(list(clips.values())),
        "perClip": {name: summary([c]) for name, c in clips.items()},
        "falseFaces": empty,
        "time": timing(model, teacher),
    }


def photos(data: Path, part: str = "held-out"):
    """Colour pictures of a part that training never saw, as they are and enlarged to the detector's usual input."""
    for name, picture in read_tar(Path(data) / "faces.tar").items():
        if split("faces", name) == part:
            yield picture
            yield fit(picture, LONGER_SIDE // 2)


def backgrounds(data: Path, part: str = "held-out", sides: tuple = (LONGER_SIDE // 2, LONGER_SIDE)):
    """Colour backgrounds of a part that training never saw, enlarged to each of `sides`."""
    for name, picture in read_tar(Path(data) / "backgrounds.tar").items():
        if split("backgrounds", name) == part:
            yield from (fit(picture, side) for side in sides)


def frames(clip: Path, every: int = 3):
    """Every third frame of a clip, its longer side resized to the detector's."""
    video, i = cv2.VideoCapture(str(clip)), 0
    while True:
        more, frame = video.read()
        if not more:
            return video.release()
        if i % every == 0:
            yield fit(frame, LONGER_SIDE)
        i += 1


def fit(picture: np.ndarray, side: int) -> np.ndarray:
    """The picture with its longer side resized to `side`."""
    scale = side / max(picture.shape[:2])
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return cv2.resize(picture, None, fx=scale, fy=scale, interpolation=how)


def compare(ours: Runtime, teacher: Teacher, pictures, score: float) -> dict:
    """Counts over pictures: the teacher's sure faces, those found, ours that not even a hesitant teacher sees,
    and the landmark errors of those found, in shares of the box's size."""
    total = dict(pictures=0, faces=0, found=0, extra=0)
    errors: list[float] = []
    for picture in pictures:
        seen = teacher.detect(picture, LOW)
        mine = ours.detect(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), score)
        size = np.sqrt(np.maximum(np.prod(seen[:, 2:4] - seen[:, :2], 1), 0))
        sure = seen[(seen[:, 14] >= SURE) & (size >= SMALLEST)]
        overlap = iou(sure[:, :4], mine[:, :4])
        total["pictures"] += 1
        total["faces"] += len(sure)
        total["extra"] += int((iou(mine[:, :4], seen[:, :4]).max(1, initial=0) < 0.3).sum())
        for i in np.flatnonzero(overlap.max(1, initial=0) >= MATCH):
            total["found"] += 1
            errors.append(landmark_error(mine[overlap[i].argmax()], sure[i]))
    return {**total, "errors": errors}


def landmark_error(a: np.ndarray, b: np.ndarray) -> float:
    """Mean distance of five landmarks over the square root of the second face's area."""
    distance = np.linalg.norm(a[4:14].reshape(5, 2) - b[4:14].reshape(5, 2), axis=1).mean()
    return float(distance / np.sqrt((b[2] - b[0]) * (b[3] - b[1])))


def summary(parts: list[dict]) -> dict:
    """Shares from counts."""
    total = {k: sum(p[k] for p in parts) for k in ("pictures", "faces", "found", "extra")}
    errors = [e for p in parts for e in p["errors"]]
    return {
        **total,
        "recall": round(total["found"] / total["faces"], 4) if total["faces"] else None,
        "landmarkError": round(float(np.mean(errors)), 4) if errors else None,
    }


def false_faces(ours: Runtime, teacher: Teacher, pictures, score: float) -> dict:
    """Our faces in pictures where the teacher sees none, not even one it doubts."""
    count, false = 0, 0
    for picture in pictures:
        if not len(teacher.detect(picture, LOW)):
            count += 1
            false += len(ours.detect(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), score))
    return {"pictures": count, "faces": false, "perPicture": round(false / max(count, 1), 4)}


def timing(model: Path | bytes, teacher: Teacher, rounds: int = 5) -> dict:
    """Milliseconds on one thread, ours and the teacher's in turn, the best of several rounds."""
    session, result = open_session(model), {}
    for height, width in SIZES:
        pairs = [(fastest(session, height, width, 12), fastest(teacher.session, height, width, 12)) for _ in range(rounds)]
        mine, theirs = np.min(pairs, 0)
        result[f"{width}x{height}"] = {
            "milliseconds": round(float(mine), 2),
            "teacherMilliseconds": round(float(theirs), 2),
            "ratio": round(float(mine / theirs), 3),
        }
    return result
