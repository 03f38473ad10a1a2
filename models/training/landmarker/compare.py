"""How far the shipped files agree with the second teacher on real pictures that no training saw."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from .. import crop
from ..chain import Chain
from ..data import BORDER, DATA, ENLARGE, SIZE, default_points, load_ferplus, protocol
from ..faces import open_detector
from ..metrics import landmark_error, pose_error
from ..renders import correlations
from ..scorer import five_points
from . import mapping
from .label import FILES, MODEL, apart, pictures
from .rows import Seen, seen

LOOKS = 2
TOLD = 0.5  # correlation from which an action unit is told
SIDE = ENLARGE * SIZE  # px of a picture's longer side, enlarged


def second_opinion(chain: Chain, data: Path = DATA) -> dict | None:
    """How far landmarks, pose and action units agree with the second teacher, by set, and which action units are therefore
    told; None where its file is not in the folder `data`."""
    if not (data / MODEL).exists():
        return None
    sets = compare(chain, data)
    return {"sets": sets, "told": told(sets)}


def compare(chain: Chain, data: Path = DATA) -> dict[str, dict]:
    """By set of pictures how far landmarks (inner 51, by the eyes' distance), pose (degrees) and action units (Pearson's r)
    agree: `held-out`, photos without masks that look like none of training; `valid`, FER+'s validation faces that the protocol keeps."""
    report = {}
    for kind in ("held-out", "valid"):
        grays, teacher = gray_pictures(kind, data), seen(kind, chain.card["actionUnits"], data)
        chosen = teacher.sure
        if kind in FILES:
            chosen = chosen & protocol(load_ferplus([data / name for name in FILES[kind]])[1])[0]
        else:
            chosen = chosen & apart(kind, data)
        report[kind] = agreement(read(chain, [grays[i] for i in np.nonzero(chosen)[0]]), teacher, chosen, chain.card["actionUnits"])
        report[kind]["pictures"] = int(len(grays))
    return report


def gray_pictures(kind: str, data: Path) -> list[np.ndarray]:
    return [p if p.ndim == 2 else cv2.cvtColor(p, cv2.COLOR_BGR2GRAY) for p in pictures(kind, data)]


def read(chain: Chain, grays: list[np.ndarray]) -> dict[str, np.ndarray]:
    """Landmarks [N, 68, 2] in px of the pictures uint8 [h, w], pose [N, 3] and action units [N, K], as the server sees them:
    detector, crop, and a second crop by the landmarks of the first."""
    detect = open_detector(chain.detector)
    out = {"landmarks": [], "pose": [], "action_units": []}
    for gray in grays:
        scale = SIDE / max(gray.shape)
        big = cv2.resize(gray, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA)
        big = cv2.copyMakeBorder(big, BORDER, BORDER, BORDER, BORDER, cv2.BORDER_REPLICATE)
        five = detect(big)
        five = default_points(chain.template, SIZE, SIZE) if five is None else five
        for _ in range(LOOKS):
            matrix = crop.similarity(five, chain.template * chain.size)
            answer = chain.faces(crop.cut(big, matrix, chain.size)[None])
            marks = crop.apply(crop.invert(matrix), answer["landmarks"][0].astype(np.float64) * chain.size)
            five = five_points(marks)
        turn = np.array([0, 0, np.rad2deg(np.arctan2(matrix[1, 0], matrix[0, 0]))])
        out["landmarks"].append((marks - BORDER) / scale)
        out["pose"].append(answer["pose"][0] - turn)
        out["action_units"].append(answer["action_units"][0])
    return {name: np.stack(values) for name, values in out.items()}


def agreement(got: dict[str, np.ndarray], teacher: Seen, chosen: np.ndarray, units: list[str]) -> dict:
    """One set's numbers; `got` holds the rows of `teacher` that are `chosen`."""
    inner = np.zeros((len(got["pose"]), 68))
    inner[:, mapping.INNER] = 1
    error = landmark_error(got["landmarks"], teacher.landmarks[chosen], inner)
    turned = pose_error(got["pose"], teacher.pose[chosen])
    r = correlations(got["action_units"], teacher.raw[chosen])
    return {
        "faces": int(chosen.sum()),
        "landmarkError": round(float(error.mean()), 4),
        "landmarkErrorMedian": round(float(np.median(error)), 4),
        "poseErrorYawPitchRoll": [round(float(v), 2) for v in turned],
        "actionUnits": {name: None if np.isnan(v) else round(float(v), 3) for name, v in zip(units, r)},
    }


def told(report: dict[str, dict]) -> dict[str, float | None]:
    """The action units that may be told, with the lower of their correlations; None for those that the teacher does not see
    or that follow it nowhere near enough."""
    lowest = {}
    for name in report["held-out"]["actionUnits"]:
        values = [part["actionUnits"][name] for part in report.values()]
        lowest[name] = None if None in values else min(values)
    return {name: r if r is not None and r >= TOLD else None for name, r in lowest.items()}
