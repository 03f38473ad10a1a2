"""Make probabilities honest: one temperature, its error by confidence, and the thresholds of abstention."""

from __future__ import annotations

import numpy as np

BINS = 15


def softmax(logits: np.ndarray) -> np.ndarray:
    """Over the last axis."""
    z = np.exp(logits - logits.max(-1, keepdims=True))
    return z / z.sum(-1, keepdims=True)


def ensemble_probabilities(logits: np.ndarray, temperature: float) -> np.ndarray:
    """Mean over members of softmax(logits / temperature); `logits` [M, N, 8] gives [N, 8]."""
    return softmax(logits / temperature).mean(0)


def fit_temperature(logits: np.ndarray, truth: np.ndarray) -> float:
    """Temperature of lowest negative log-likelihood (Guo et al., 2017) on `logits` [M, N, 8], `truth` [N]."""
    candidates = np.exp(np.linspace(np.log(0.2), np.log(3), 136))
    return float(min(candidates, key=lambda t: likelihood_loss(ensemble_probabilities(logits, t), truth)))


def likelihood_loss(probabilities: np.ndarray, truth: np.ndarray) -> float:
    """Mean negative log-likelihood."""
    return float(-np.log(np.maximum(probabilities[np.arange(len(truth)), truth], 1e-9)).mean())


def reliability(probabilities: np.ndarray, truth: np.ndarray, bins: int = BINS) -> list[dict]:
    """Per confidence bin: how many faces, mean confidence and accuracy. Empty bins are left out."""
    confidence, right = probabilities.max(1), probabilities.argmax(1) == truth
    which = np.minimum((confidence * bins).astype(int), bins - 1)
    rows = []
    for b in np.unique(which):
        inside = which == b
        row = {"from": b / bins, "to": (b + 1) / bins, "faces": int(inside.sum())}
        rows.append(row | {"confidence": float(confidence[inside].mean()), "accuracy": float(right[inside].mean())})
    return rows


def calibration_error(probabilities: np.ndarray, truth: np.ndarray, bins: int = BINS) -> float:
    """Expected calibration error: the bins' |confidence - accuracy|, weighted by their faces."""
    rows = reliability(probabilities, truth, bins)
    return sum(r["faces"] * abs(r["confidence"] - r["accuracy"]) for r in rows) / len(truth)


def abstention_threshold(probabilities: np.ndarray, truth: np.ndarray, accuracy: float = 0.5, window: int = 200) -> float:
    """Confidence below which the `window` nearest faces are right less often than `accuracy`."""
    window = min(window, len(truth) // 2)
    order = np.argsort(probabilities.max(1))
    right = (probabilities.argmax(1) == truth)[order].astype(float)
    running = np.convolve(right, np.ones(window) / window, mode="valid")
    low = np.nonzero(running < accuracy)[0]
    if len(low) == 0:
        return round(float(probabilities.max(1).min()), 2)
    return round(float(probabilities.max(1)[order][low[-1] + window // 2]), 2)
