"""Real pictures as training rows: cut by the second teacher's points, with its landmarks, pose and action units.

What it does not see is nan: the jaw, AU6 and AU9. What it is not sure of has weight 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from .. import crop
from ..data import DATA, MARGIN, SIZE, STORED, load_ferplus, protocol
from ..rows import CIRCUMPLEX, LANDMARK_FLIP, Rows, mirrored_units
from ..scorer import five_points
from . import mapping
from .label import FILES, labels, pictures

AGREE = 0.05  # of the eyes' distance: as far apart the inner landmarks of both looks may be
SMALLEST = 0.12  # of the picture's longer side: the eyes' distance
UPRIGHT, FORWARD = 45, 60  # degrees of roll and pitch, and of yaw, within which it is believed
QUALITY = 0.9  # of a picture of FER+


@dataclass
class Seen:
    """N pictures as the teacher sees them: `landmarks` [N, 68, 2] in px, `pose` [N, 3] in degrees, `raw` [N, K] on its own
    scale, `sure` bool [N]."""

    landmarks: np.ndarray
    pose: np.ndarray
    raw: np.ndarray
    sure: np.ndarray


def seen(kind: str, units: list[str], data: Path = DATA, most: int | None = None) -> Seen:
    """What is seen of the first `most` pictures of `kind` (see `label.pictures`); the mean of both looks where there are two."""
    z, shown = labels(kind, data, most=most), pictures(kind, data)[:most]
    width = np.array([picture.shape[1] for picture in shown], np.float32)
    longer = np.array([max(picture.shape[:2]) for picture in shown], np.float32)
    looks = [look(z, side, width, units) for side in range(z["found"].shape[1])]
    marks, turned, raw = (np.mean([one[k] for one in looks], 0) for k in range(3))
    sure = z["found"].all(1) & (eyes_apart(marks) > SMALLEST * longer)
    sure &= (np.abs(turned) < [FORWARD, UPRIGHT, UPRIGHT]).all(1)
    if len(looks) == 2:
        apart = np.linalg.norm(looks[0][0] - looks[1][0], axis=-1)[:, mapping.INNER].mean(1)
        sure &= apart < AGREE * eyes_apart(marks)
    return Seen(marks, turned, raw, sure)


def look(z: dict[str, np.ndarray], side: int, width: np.ndarray, units: list[str]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Landmarks, pose and raw action units of one look, brought back where the look was into the mirror image."""
    points = z["points"][:, side].astype(np.float32)
    marks, turned = mapping.landmarks(points), mapping.pose(z["matrix"][:, side])
    raw = mapping.raw_units(z["blendshapes"][:, side], points, units)
    if side == 1:
        marks[..., 0] = width[:, None] - marks[..., 0]
        marks, turned, raw = marks[:, LANDMARK_FLIP], turned * [-1, 1, -1], raw[:, mirrored_units(units)]
    return marks, turned, raw


def eyes_apart(landmarks: np.ndarray) -> np.ndarray:
    """Distance [N] of the eyes' centres, or half of that of their outer corners where a turned face makes it longer."""
    centres = np.linalg.norm(landmarks[:, 36:42].mean(1) - landmarks[:, 42:48].mean(1), axis=-1)
    return np.maximum(centres, np.linalg.norm(landmarks[:, 36] - landmarks[:, 45], axis=-1) / 2).clip(1e-3)


def ferplus_rows(template, units: list[str], data: Path = DATA, most: int | None = None) -> Rows:
    """The first `most` training faces of FER+ of which the teacher is sure and that the protocol keeps."""
    _, votes = load_ferplus([data / name for name in FILES["train"]])
    keep, distribution = protocol(votes[:most])
    teacher = seen("train", units, data, most)
    chosen = np.nonzero(keep & teacher.sure)[0]
    rows = cut(pictures("train", data), teacher, chosen, template, units)
    ones, votes = np.ones(len(chosen), np.float32), distribution[chosen]
    rows.labels |= {"expression": votes, "valence_arousal": votes @ CIRCUMPLEX, "quality": QUALITY * ones}
    rows.weights |= {"expression": ones, "valence_arousal": 0.2 * ones, "quality": ones}
    return rows


def photo_rows(template, units: list[str], data: Path = DATA) -> Rows:
    """Photos that training may use, of which the teacher is sure."""
    teacher = seen("photos", units, data)
    grays = [cv2.cvtColor(photo, cv2.COLOR_BGR2GRAY) for photo in pictures("photos", data)]
    return cut(grays, teacher, np.nonzero(teacher.sure)[0], template, units)


def cut(grays: list[np.ndarray], teacher: Seen, chosen: np.ndarray, template, units: list[str]) -> Rows:
    """Rows of the pictures `chosen`, cut by the teacher's five points."""
    target = np.asarray(template) * SIZE + MARGIN
    crops = np.empty((len(chosen), STORED, STORED), np.uint8)
    marks, turned = teacher.landmarks[chosen].astype(np.float32), teacher.pose[chosen].astype(np.float32)
    for i, k in enumerate(chosen):
        matrix = crop.similarity(five_points(teacher.landmarks[k]), target)
        crops[i] = crop.cut(grays[k], matrix, STORED)
        marks[i] = crop.apply(matrix, teacher.landmarks[k])
        turned[i, 2] += np.rad2deg(np.arctan2(matrix[1, 0], matrix[0, 0]))
    marks[:, : mapping.INNER[0]] = np.nan
    labels = {"landmarks": marks, "pose": turned, "action_units": mapping.units(teacher.raw[chosen], units).astype(np.float32)}
    return Rows(crops, labels, {name: np.ones(len(chosen), np.float32) for name in labels})
