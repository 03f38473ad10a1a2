"""Make probabilities honest: one temperature and a bias for each class, their error by confidence, and the thresholds of abstention."""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize

BINS = 15
RIDGE = 0.01  # of the biases: rare classes have few faces to fit one by
FOLDS = 10


def softmax(logits: np.ndarray) -> np.ndarray:
    """Over the last axis."""
    z = np.exp(logits - logits.max(-1, keepdims=True))
    return z / z.sum(-1, keepdims=True)


def ensemble_probabilities(logits: np.ndarray, temperature: float) -> np.ndarray:
    """Mean over members of softmax(logits / temperature); `logits` [M, N, 8] gives [N, 8]."""
    return softmax(logits / temperature).mean(0)


def fit(logits: np.ndarray, truth: np.ndarray, ridge: float = RIDGE) -> tuple[float, np.ndarray]:
    """Temperature, and one bias [8] of mean 0 for all members, with which softmax((logits + bias) / temperature), averaged over the
    members, has the lowest negative log-likelihood on `logits` [M, N, 8], `truth` [N] ("bias-corrected temperature scaling",
    Alexandari et al., 2020)."""
    z, rows = logits.astype(np.float64), np.arange(len(truth))

    def loss(values: np.ndarray) -> tuple[float, np.ndarray]:
        scale, bias = np.exp(-values[0]), values[1:] - values[1:].mean()
        shifted = z + bias
        members = softmax(shifted * scale)
        own = members[:, rows, truth]
        change = members.copy()
        change[:, rows, truth] -= 1
        change *= (own / own.sum(0))[:, :, None] / len(truth)  # of the loss, by what the softmax is taken of
        by_bias = scale * change.sum((0, 1)) + 2 * ridge * bias
        by_scale = -scale * (change * shifted).sum()
        value = -np.log(np.maximum(own.mean(0), 1e-9)).mean() + ridge * np.square(bias).sum()
        return value, np.append(by_scale, by_bias - by_bias.mean())

    values = minimize(loss, np.zeros(1 + logits.shape[-1]), jac=True, method="BFGS").x
    return float(np.exp(values[0])), values[1:] - values[1:].mean()


def cross_validated(logits: np.ndarray, truth: np.ndarray, folds: int = FOLDS) -> np.ndarray:
    """Probabilities [N, 8] of each face by a `fit` to the other folds alone: what those that ship would say of faces that are new."""
    fold = np.random.default_rng(0).permutation(len(truth)) % folds
    answers = np.empty(logits.shape[1:])
    for k in range(folds):
        temperature, bias = fit(logits[:, fold != k], truth[fold != k])
        answers[fold == k] = ensemble_probabilities(logits[:, fold == k] + bias, temperature)
    return answers


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


def sampling_error(probabilities: np.ndarray, draws: int = 400) -> float:
    """The calibration error that sampling alone gives: its mean over `draws` of labels for which these probabilities are true."""
    rng, confidence = np.random.default_rng(0), probabilities.max(1)
    which = np.minimum((confidence * BINS).astype(int), BINS - 1)
    off = confidence - (rng.random((draws, len(confidence))) < confidence)
    return float(np.mean([np.abs(np.bincount(which, row, BINS)).sum() / len(row) for row in off]))
