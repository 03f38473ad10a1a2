"""How the shipped files score on held-out renders, as a whole and by what makes a face hard."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from . import metrics
from .chain import Chain
from .synthetic import held_out


def score(chain: Chain, folder: Path) -> dict:
    """Landmarks, pose, action units, valence and arousal on held-out renders, cut where the detector and a first
    look find them, as the server does."""
    rows = held_out(folder, chain.template, chain.card["actionUnits"], chain.finder, chain.size)
    got, truth = chain.faces(rows["crops"]), rows["expression"].argmax(1)
    error = metrics.landmark_error(got["landmarks"] * chain.size, rows["landmarks"])
    turned = metrics.pose_error(got["pose"], rows["pose"])
    report = {
        "faces": len(error),
        "landmarkError": round(float(error.mean()), 4),
        "landmarkErrorMedian": round(float(np.median(error)), 4),
        "poseError": round(float(turned.mean()), 2),
        "poseErrorYawPitchRoll": [round(float(v), 2) for v in turned],
        "expressionAccuracy": round(float((got["expression"].argmax(1) == truth).mean()), 4),
        "valenceArousalError": [round(float(v), 3) for v in np.abs(got["valence_arousal"] - rows["valence_arousal"]).mean(0)],
        "actionUnitCorrelation": round(float(np.nanmean(correlations(got["action_units"], rows["action_units"]))), 3),
    }
    return report | {"by": breakdown(rows, error, got, truth)}


def correlations(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Pearson's correlation per column; nan where a column does not vary."""
    a, b = a - a.mean(0), b - b.mean(0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return (a * b).sum(0) / np.sqrt((a**2).sum(0) * (b**2).sum(0))


def breakdown(rows: dict, error: np.ndarray, got: dict, truth: np.ndarray) -> dict:
    """Results by yaw, size, blur and brightness; the blur relative to a face of 64 px."""
    blur = 64 * rows["blur"] / np.maximum(rows["scale"], 1)
    cuts = {
        "yaw": (np.abs(rows["pose"][:, 0]), [0, 15, 30, 45, 90]),
        "size": (rows["scale"], [0, 24, 40, 64, 1000]),
        "blur": (blur, [0, 0.5, 1, 2, 100]),
        "brightness": (rows["brightness"], np.quantile(rows["brightness"], [0, 0.1, 0.5, 0.9, 1]).round(3).tolist()),
        "covered": (rows["covered"], [0, 0.01, 0.2, 0.4, 1.01]),
    }
    pose = np.abs(got["pose"] - rows["pose"]).mean(1)
    right = got["expression"].argmax(1) == truth
    table = {}
    for name, (values, edges) in cuts.items():
        table[name] = []
        for low, high in zip(edges, edges[1:]):
            inside = (values >= low) & (values < high)
            if inside.sum() >= 10:
                means = {"landmarkError": error, "poseError": pose, "accuracy": right, "quality": got["quality"]}
                row = {"from": low, "to": high, "faces": int(inside.sum())}
                table[name].append(row | {k: round(float(v[inside].mean()), 4) for k, v in means.items()})
    return table
