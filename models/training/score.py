"""One file of faces through the whole chain, by the protocols of FER+."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from . import calibrate, metrics
from .chain import Chain
from .data import load_ferplus, majority, protocol, repeated


def score_file(chain: Chain, path: Path) -> tuple[dict, dict[str, np.ndarray], np.ndarray]:
    """Protocol numbers of one file through the whole chain; outputs by name and truth [N] of the kept rows."""
    images, votes = load_ferplus([path])
    keep, distribution = protocol(votes)
    truth = distribution[keep].argmax(1)
    outputs, found = chain.small_pictures(images[keep])
    most, repeats = majority(votes)[keep], seen_in_training(images[keep], path.parent)
    scores = scored(outputs, truth, most, repeats, chain.card["thresholds"]["confidence"])
    return scores | {"found": round(float(found.mean()), 4)}, outputs, truth


def scored(outputs: dict[str, np.ndarray], truth: np.ndarray, most: np.ndarray, repeats: np.ndarray | None, confidence: float) -> dict:
    """Protocol numbers of the ensemble's `outputs` for faces with labels `truth` [N]; `most` and `repeats`: see `protocols`;
    `confidence`: under which mien gives no label."""
    probabilities = outputs["expression"]
    scores = metrics.classification(probabilities, truth)
    scores["protocols"] = protocols(probabilities, truth, most, repeats)
    scores["reliability"] = calibrate.reliability(probabilities, truth)
    scores["memberAccuracy"] = [round(float((m.argmax(1) == truth).mean()), 4) for m in outputs["members"]]
    scores["abstained"] = abstaining(confidence, probabilities, truth)
    scores["byQuality"] = by_quality(outputs["quality"], probabilities.argmax(1) == truth)
    return scores


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


def abstaining(confidence: float, probabilities: np.ndarray, truth: np.ndarray) -> dict:
    """What the threshold `confidence` leaves out, and the accuracy on both sides of it."""
    right, low = probabilities.argmax(1) == truth, probabilities.max(1) < confidence
    mean = lambda rows: round(float(right[rows].mean()), 4) if rows.any() else None
    return {"share": round(float(low.mean()), 4), "accuracyBelow": mean(low), "accuracyAbove": mean(~low)}


def by_quality(quality: np.ndarray, right: np.ndarray, parts: int = 4) -> list[dict]:
    """Accuracy by quarters of the quality score, lowest first."""
    quarters = np.array_split(np.argsort(quality), parts)
    mean = lambda values: round(float(values.mean()), 4)
    return [{"quality": mean(quality[q]), "accuracy": mean(right[q])} for q in quarters if len(q)]
