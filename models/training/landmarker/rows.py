"""Real pictures as training rows: cut by the second teacher's points, with its landmarks, pose and action units.

What it does not see is nan: the jaw, AU6 and AU9. What it is not sure of has weight 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from .. import crop
from ..data import BORDER, DATA, ENLARGE, MARGIN, SIZE, STORED, cut_crops, load_ferplus, protocol
from ..rows import CIRCUMPLEX, LANDMARK_FLIP, Rows, mirrored_units
from ..scorer import five_points
from . import mapping
from .label import FILES, apart, labels, pictures

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
    """The first `most` training faces of FER+ that the protocol keeps, cut by the teacher's points, or whole where it is not
    sure."""
    images, votes = load_ferplus([data / name for name in FILES["train"]])
    keep, distribution = protocol(votes[:most])
    teacher = chosen_of(seen("train", units, data, most), np.nonzero(keep)[0])
    points = five_points(teacher.landmarks) * ENLARGE + BORDER
    crops, matrix = cut_crops(images[:most][keep], points, teacher.sure, template)
    ones, votes = np.ones(len(crops), np.float32), distribution[keep]
    rows = Rows(crops, {"expression": votes, "valence_arousal": votes @ CIRCUMPLEX, "quality": QUALITY * ones})
    rows.weights = {"expression": ones, "valence_arousal": 0.2 * ones, "quality": ones}
    attach(rows, enlarged_to(matrix), teacher, units)
    return rows


def photo_rows(template, units: list[str], data: Path = DATA) -> Rows:
    """Photos that training may use and that look like none that is held out, of which the teacher is sure, cut by its points."""
    teacher = seen("photos", units, data)
    sure = np.nonzero(teacher.sure & apart("photos", data))[0]
    teacher, photos = chosen_of(teacher, sure), pictures("photos", data)
    target = np.asarray(template) * SIZE + MARGIN
    matrices = np.stack([crop.similarity(five, target) for five in five_points(teacher.landmarks)])
    grays = (cv2.cvtColor(photos[k], cv2.COLOR_BGR2GRAY) for k in sure)
    rows = Rows(np.stack([crop.cut(gray, matrix, STORED) for gray, matrix in zip(grays, matrices)]), {})
    attach(rows, matrices, teacher, units)
    return rows


def chosen_of(teacher: Seen, chosen: np.ndarray) -> Seen:
    """The pictures `chosen` (indices or bool) alone."""
    return Seen(teacher.landmarks[chosen], teacher.pose[chosen], teacher.raw[chosen], teacher.sure[chosen])


def enlarged_to(matrix: np.ndarray) -> np.ndarray:
    """Matrices [N, 2, 3] of enlarged pictures as those of the pictures themselves."""
    offset = matrix[:, :, :2].sum(-1) * BORDER + matrix[:, :, 2]
    return np.concatenate([matrix[:, :, :2] * ENLARGE, offset[:, :, None]], -1)


def attach(rows: Rows, matrix: np.ndarray, teacher: Seen, units: list[str]) -> None:
    """Give `rows`, which were cut by `matrix` [N, 2, 3] from px of their pictures, what the teacher sees in those; what it is
    not sure of has weight 0."""
    marks = np.einsum("nij,npj->npi", matrix[:, :, :2], teacher.landmarks) + matrix[:, None, :, 2]
    marks[:, : mapping.INNER[0]] = np.nan
    turned = teacher.pose.copy()
    turned[:, 2] += np.rad2deg(np.arctan2(matrix[:, 1, 0], matrix[:, 0, 0]))
    labels = {"landmarks": marks, "pose": turned, "action_units": mapping.units(teacher.raw, units)}
    for name, values in labels.items():
        shape = (-1,) + (1,) * (values.ndim - 1)
        rows.labels[name] = np.where(teacher.sure.reshape(shape), values, 0).astype(np.float32)
        rows.weights[name] = teacher.sure.astype(np.float32)
