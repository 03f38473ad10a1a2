"""Numbers of the tables: classification, landmarks, pose."""

from __future__ import annotations

import numpy as np

from .calibrate import calibration_error, likelihood_loss, sampling_error
from .data import LABELS

BASIC = ("ANGER", "DISGUST", "FEAR", "HAPPINESS", "SADNESS", "SURPRISE")


def confusion(predicted: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Counts [8, 8]: rows are the truth, columns what was predicted."""
    table = np.zeros((len(LABELS), len(LABELS)), int)
    np.add.at(table, (truth, predicted), 1)
    return table


def classification(probabilities: np.ndarray, truth: np.ndarray) -> dict:
    """Protocol numbers of `probabilities` [N, 8] against majority labels `truth` [N]."""
    table = confusion(probabilities.argmax(1), truth)
    hits, actual, called = table.diagonal(), table.sum(1), table.sum(0)
    recall = hits / np.maximum(actual, 1)
    f1 = 2 * hits / np.maximum(actual + called, 1)
    return {
        "faces": int(len(truth)),
        "accuracy": round(float(hits.sum() / max(len(truth), 1)), 4),
        "macroF1": round(float(f1[actual > 0].mean()), 4),
        "meanRecall": round(float(recall[actual > 0].mean()), 4),
        "basicF1": round(float(np.mean([f1[LABELS.index(name)] for name in BASIC])), 4),
        "calibrationError": round(calibration_error(probabilities, truth), 4),
        "negativeLogLikelihood": round(likelihood_loss(probabilities, truth), 4),
        "recall": {name: round(float(r), 4) for name, r in zip(LABELS, recall)},
        "f1": {name: round(float(r), 4) for name, r in zip(LABELS, f1)},
        "confusion": table.tolist(),
    }


def calibrated(probabilities: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """The numbers that a calibration changes, and the calibration error that sampling alone would give."""
    told = classification(probabilities, truth)
    kept = ("accuracy", "macroF1", "calibrationError", "negativeLogLikelihood")
    return {name: told[name] for name in kept} | {"calibrationErrorOfSampling": round(sampling_error(probabilities), 4)}


def intervals(probabilities: np.ndarray, truth: np.ndarray, draws: int = 1000, share: float = 0.95) -> dict[str, list[float]]:
    """What lies between the outer quantiles of `draws` bootstrap samples of the faces (Efron, 1979): accuracy, macro-F1, mean
    recall and calibration error, each as [low, high]. The same faces always give the same numbers."""
    rng, samples = np.random.default_rng(0), []
    for _ in range(draws):
        rows = rng.integers(0, len(truth), len(truth))
        table = confusion(probabilities[rows].argmax(1), truth[rows])
        hits, actual, called = table.diagonal(), table.sum(1), table.sum(0)
        there = actual > 0
        f1 = 2 * hits[there] / (actual + called)[there]
        recall = hits[there] / actual[there]
        samples.append([hits.sum() / len(rows), f1.mean(), recall.mean(), calibration_error(probabilities[rows], truth[rows])])
    ends = np.quantile(samples, [(1 - share) / 2, (1 + share) / 2], axis=0)
    names = ("accuracy", "macroF1", "meanRecall", "calibrationError")
    return {name: [round(float(low), 4), round(float(high), 4)] for name, low, high in zip(names, *ends)}


def basic_f1(probabilities: np.ndarray, truth: np.ndarray) -> float:
    """Mean F1 of the six basic expressions, as the challenge scores: among faces that show one of them."""
    basic = np.array([LABELS.index(name) for name in BASIC])
    rows = np.isin(truth, basic)
    predicted = basic[probabilities[rows][:, basic].argmax(1)]
    table = confusion(predicted, truth[rows])
    f1 = 2 * table.diagonal() / np.maximum(table.sum(0) + table.sum(1), 1)
    return round(float(f1[basic].mean()), 4)


def landmark_error(points: np.ndarray, truth: np.ndarray, seen: np.ndarray | None = None) -> np.ndarray:
    """Mean distance per face [N] over the eyes' distance; `points` and `truth` [N, 68, 2], `seen` [N, 68] weights."""
    eyes = truth[:, 36:42].mean(1) - truth[:, 42:48].mean(1)
    outer = np.linalg.norm(truth[:, 36] - truth[:, 45], axis=-1)
    scale = np.maximum(np.linalg.norm(eyes, axis=-1), outer / 2)
    error = np.linalg.norm(points - truth, axis=-1)
    mean = error.mean(1) if seen is None else (error * seen).sum(1) / np.maximum(seen.sum(1), 1)
    return mean / scale


def pose_error(pose: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Mean absolute error in degrees of yaw, pitch, roll [3]; angles wrap."""
    return np.abs((pose - truth + 180) % 360 - 180).mean(0)
