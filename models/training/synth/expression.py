"""Random expressions: the eight FER+ classes composed from action units.

Prototypes follow EMFACS (happiness 6+12, surprise 1+2+5+26, sadness 1+4+15+17, anger 4+5+7+23/24, disgust
9+10+15/16, fear 1+2+4+5+7+20+26, contempt 12+14 on one side), each with the variants that photos show: teeth
or lips, shouting or pressed mouths, squeezed or wide eyes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from . import action_units
from .action_units import INDEX, NAMES

CLASSES = ("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt")

# Where the classes lie at full intensity (valence, arousal): Russell's circumplex (1980), with the
# coordinates rounded from the category means that Mollahosseini et al. report for AffectNet (2017).
CIRCUMPLEX = np.array([[0, 0], [0.8, 0.45], [0.15, 0.85], [-0.75, -0.35], [-0.6, 0.75], [-0.7, 0.4],
                       [-0.55, 0.85], [-0.5, 0.25]], np.float32)  # fmt: skip

# class: list of (odds, {unit: (chance, least, most)})
PROTOTYPES = {
    "neutral": [(1, {})],
    "happiness": [
        (3, {"AU6": (0.9, 0.3, 1), "AU12": (1, 0.6, 1.1), "AU25": (1, 0.5, 1), "AU10": (0.4, 0.1, 0.5),
             "AU26": (0.5, 0.05, 0.25), "AU7": (0.2, 0.1, 0.4)}),
        (2, {"AU6": (1, 0.5, 1), "AU12": (1, 0.7, 1.15), "AU25": (1, 0.6, 1.2), "AU26": (1, 0.25, 0.8),
             "AU10": (0.4, 0.2, 0.6), "AU7": (0.3, 0.1, 0.5), "AU1": (0.3, 0.1, 0.5), "AU2": (0.3, 0.1, 0.5),
             "AU45": (0.15, 0.7, 1), "AU16": (0.3, 0.2, 0.5)}),
        (2, {"AU6": (0.7, 0.2, 0.8), "AU12": (1, 0.45, 1), "AU14": (0.2, 0.1, 0.4)}),
        (1, {"AU12": (1, 0.5, 1), "AU1": (0.9, 0.3, 0.9), "AU2": (0.9, 0.3, 0.9), "AU25": (1, 0.5, 1),
             "AU26": (0.7, 0.1, 0.6), "AU5": (0.6, 0.2, 0.8), "AU6": (0.3, 0.2, 0.5)}),
    ],
    "surprise": [
        (4, {"AU1": (1, 0.5, 1), "AU2": (1, 0.5, 1.1), "AU5": (0.95, 0.4, 1), "AU26": (1, 0.45, 1.1),
             "AU25": (0.6, 0.1, 0.5), "AU22": (0.3, 0.1, 0.6)}),
        (2, {"AU1": (1, 0.4, 1), "AU2": (1, 0.5, 1), "AU5": (0.9, 0.4, 1), "AU26": (1, 0.35, 0.9),
             "AU22": (0.8, 0.3, 0.9), "AU18": (0.7, 0.2, 0.7)}),
        (1, {"AU1": (1, 0.5, 1), "AU2": (1, 0.6, 1.1), "AU5": (1, 0.5, 1), "AU25": (0.4, 0.2, 0.5)}),
        (1, {"AU5": (1, 0.6, 1), "AU26": (1, 0.2, 0.7), "AU1": (0.7, 0.2, 0.6), "AU2": (0.7, 0.2, 0.6)}),
    ],
    "sadness": [
        (4, {"AU1": (1, 0.45, 1.1), "AU4": (0.85, 0.25, 0.8), "AU15": (1, 0.4, 1), "AU17": (0.7, 0.2, 0.9),
             "AU7": (0.3, 0.1, 0.4), "AU45": (0.3, 0.15, 0.5)}),
        (2, {"AU1": (0.8, 0.4, 1), "AU4": (1, 0.4, 1), "AU6": (0.6, 0.3, 0.8), "AU7": (0.8, 0.3, 1),
             "AU15": (0.8, 0.3, 0.9), "AU20": (0.6, 0.2, 0.7), "AU25": (0.9, 0.4, 1), "AU26": (0.6, 0.1, 0.5),
             "AU17": (0.3, 0.2, 0.5), "AU45": (0.5, 0.4, 1), "AU10": (0.3, 0.2, 0.5)}),
        (2, {"AU1": (0.9, 0.3, 0.9), "AU4": (0.4, 0.1, 0.5), "AU15": (0.9, 0.25, 0.8), "AU45": (0.8, 0.2, 0.6),
             "AU24": (0.2, 0.2, 0.5)}),
        (1, {"AU15": (1, 0.5, 1), "AU17": (1, 0.5, 1), "AU1": (0.5, 0.2, 0.7), "AU4": (0.5, 0.2, 0.6)}),
    ],
    "anger": [
        (3, {"AU4": (1, 0.6, 1.2), "AU7": (0.8, 0.3, 0.9), "AU24": (0.9, 0.3, 1), "AU17": (0.4, 0.2, 0.6),
             "AU5": (0.3, 0.2, 0.7), "AU15": (0.2, 0.1, 0.5)}),
        (3, {"AU4": (1, 0.6, 1.2), "AU5": (0.4, 0.2, 0.9), "AU7": (0.6, 0.3, 0.9), "AU9": (0.5, 0.2, 0.7),
             "AU10": (0.7, 0.3, 0.8), "AU16": (0.7, 0.3, 0.9), "AU25": (1, 0.5, 1.1), "AU26": (0.9, 0.3, 1),
             "AU20": (0.2, 0.2, 0.5)}),
        (2, {"AU4": (1, 0.6, 1.2), "AU7": (0.7, 0.3, 0.9), "AU9": (0.6, 0.2, 0.8), "AU10": (0.9, 0.3, 0.8),
             "AU16": (0.8, 0.4, 1), "AU25": (1, 0.5, 1.1), "AU26": (0.4, 0.05, 0.2), "AU5": (0.4, 0.2, 0.9)}),
        (1, {"AU4": (1, 0.5, 1.1), "AU5": (0.8, 0.3, 1), "AU22": (0.8, 0.3, 0.8), "AU26": (0.7, 0.1, 0.5),
             "AU25": (0.5, 0.2, 0.5)}),
    ],
    "disgust": [
        (3, {"AU9": (1, 0.5, 1.1), "AU10": (0.8, 0.3, 1), "AU4": (0.7, 0.2, 0.7), "AU7": (0.6, 0.2, 0.8),
             "AU15": (0.4, 0.2, 0.6), "AU17": (0.5, 0.2, 0.7), "AU6": (0.3, 0.2, 0.5)}),
        (2, {"AU9": (0.9, 0.4, 1), "AU10": (1, 0.5, 1.1), "AU16": (0.6, 0.2, 0.8), "AU25": (1, 0.4, 0.9),
             "AU26": (0.7, 0.1, 0.6), "AU4": (0.7, 0.2, 0.7), "AU7": (0.7, 0.3, 0.9), "AU6": (0.4, 0.2, 0.6),
             "AU45": (0.15, 0.4, 1)}),
        (1, {"AU10": (1, 0.5, 1), "AU15": (0.9, 0.4, 1), "AU17": (0.7, 0.3, 0.8), "AU9": (0.5, 0.2, 0.6),
             "AU4": (0.5, 0.2, 0.6)}),
    ],
    "fear": [
        (3, {"AU1": (1, 0.5, 1.1), "AU2": (0.8, 0.2, 0.8), "AU4": (0.9, 0.2, 0.8), "AU5": (1, 0.5, 1.1),
             "AU20": (0.9, 0.4, 1), "AU25": (1, 0.3, 0.9), "AU26": (0.9, 0.15, 0.8), "AU7": (0.3, 0.1, 0.3)}),
        (2, {"AU1": (1, 0.5, 1.1), "AU4": (0.9, 0.3, 0.9), "AU5": (1, 0.4, 1), "AU20": (0.9, 0.4, 1),
             "AU16": (0.6, 0.3, 0.8), "AU25": (1, 0.5, 1), "AU10": (0.4, 0.2, 0.5), "AU26": (0.5, 0.05, 0.25)}),
        (1, {"AU1": (1, 0.5, 1.1), "AU2": (0.7, 0.2, 0.8), "AU4": (0.7, 0.2, 0.7), "AU5": (1, 0.5, 1.1),
             "AU20": (0.4, 0.2, 0.6), "AU15": (0.3, 0.2, 0.4), "AU25": (0.4, 0.2, 0.4)}),
    ],
    "contempt": [
        (3, {"AU14": (0.9, 0.4, 1.1), "AU12": (0.8, 0.3, 0.8), "AU10": (0.2, 0.1, 0.4), "AU2": (0.3, 0.2, 0.7),
             "AU45": (0.3, 0.15, 0.35)}),
        (1, {"AU14": (1, 0.5, 1.1), "AU17": (0.5, 0.2, 0.6), "AU24": (0.5, 0.2, 0.6), "AU7": (0.4, 0.2, 0.5)}),
    ],
}  # fmt: skip
ONE_SIDED = ("AU14", "AU12", "AU10", "AU2")
SPEECH = ("AU26", "AU25", "AU18", "AU22", "AU20", "AU16", "AU24")


@dataclass
class Expression:
    """What a face does: `units` float32 [K, 2] (left, right, 0 to about 1.2) and its labels."""

    units: np.ndarray
    label: np.ndarray  # float32 [8], sums to 1
    valence_arousal: np.ndarray  # float32 [2]
    intensity: float


def sample(rng, name: str | None = None) -> Expression:
    """Draw an expression, of class `name` if given."""
    odds = np.array([0.2, 0.15, 0.13, 0.14, 0.14, 0.09, 0.1, 0.05])
    kind = CLASSES.index(name) if name else int(rng.choice(8, p=odds))
    intensity = float(rng.uniform(0.6, 1.2)) if kind else 0.0
    units = _noise(rng)
    share = np.zeros(8, np.float32)
    share[kind] = 1
    if kind == 0 and rng.random() < 0.35:
        units = np.maximum(units, prototype(rng, CLASSES[int(rng.integers(1, 8))], rng.uniform(0.1, 0.3)))
    if kind:
        units = np.maximum(units * 0.5, prototype(rng, CLASSES[kind], intensity))
        if rng.random() < 0.12:
            _mix_in(rng, units, share, kind, intensity)
    _overlay(rng, units, kind)
    doubt = np.clip((0.75 - intensity) * 0.9, 0, 0.3) if kind else 0.0
    share *= 1 - doubt
    share[0] += doubt
    arousal = share[1:] @ CIRCUMPLEX[1:] * min(intensity, 1) if kind else rng.normal(0, 0.04, 2)
    return Expression(units.clip(0, 1.3), share, np.clip(arousal, -1, 1).astype(np.float32), intensity)


def prototype(rng, name: str, intensity: float) -> np.ndarray:
    """Units float32 [K, 2] of one variant of class `name`, with a little left-right difference."""
    variants = PROTOTYPES[name]
    odds = np.array([odds for odds, _ in variants], float)
    chosen = variants[rng.choice(len(variants), p=odds / odds.sum())][1]
    units = np.zeros((len(NAMES), 2), np.float32)
    for unit, (chance, least, most) in chosen.items():
        if rng.random() < chance:
            units[INDEX[unit]] = rng.uniform(least, most) * intensity * (1 + rng.normal(0, 0.1, 2)).clip(0.6, 1.4)
    if name == "contempt":
        weaker = int(rng.integers(2))
        for unit in ONE_SIDED:
            units[INDEX[unit], weaker] *= rng.uniform(0, 0.25)
    elif rng.random() < 0.12:
        units[:, int(rng.integers(2))] *= rng.uniform(0.55, 0.9)
    return units


def _noise(rng):
    """What faces do when they express nothing in particular."""
    units = np.zeros((len(NAMES), 2), np.float32)
    for k in rng.choice(len(NAMES), 5, replace=False):
        units[k] = min(abs(rng.normal(0, 0.14)), 0.35)
    units[INDEX["AU45"]] = 0
    return units


def _mix_in(rng, units, share, kind, intensity):
    """Blend in a weaker second class; the label shares itself out."""
    other = int(rng.choice([k for k in range(1, 8) if k != kind]))
    weight = rng.uniform(0.25, 0.45)
    second = prototype(rng, CLASSES[other], intensity)
    units[:] = (1 - weight) * units + weight * second
    share[kind], share[other] = 1 - weight, weight


def _overlay(rng, units, kind):
    """Speech-like mouths and blinks, which say nothing of the class."""
    chance = 0.12 if kind == 0 else 0.05
    if rng.random() < chance:
        for name in rng.choice(SPEECH, 2, replace=False):
            units[INDEX[name]] = np.maximum(units[INDEX[name]], rng.uniform(0.1, 0.4))
        if rng.random() < 0.5:
            units[INDEX["AU26"]] = np.maximum(units[INDEX["AU26"]], rng.uniform(0.1, 0.35))
    if rng.random() < 0.04:
        units[INDEX["AU45"]] = rng.uniform(0.5, 1)


def person_gains(rng) -> np.ndarray:
    """How strongly one person's face answers each unit, float32 [K]."""
    return rng.normal(1, 0.12, len(NAMES)).clip(0.7, 1.35).astype(np.float32)


def unit_labels(units: np.ndarray) -> np.ndarray:
    """Labels float32 [K] in 0 to 1: the stronger side of `units` [K, 2]."""
    return units.max(1).clip(0, 1).astype(np.float32)


def blendshapes(expression: Expression, index: dict[str, int], gains: np.ndarray, rng) -> np.ndarray:
    """All 53 blendshape weights: the units, and a gaze and jaw of the moment."""
    weights = action_units.shape_weights(expression.units, index, gains)
    if rng.random() < 0.3:
        weights[index["jawLeft" if rng.random() < 0.5 else "jawRight"]] = abs(rng.normal(0, 0.08))
        weights[index["mouthLeft" if rng.random() < 0.5 else "mouthRight"]] = abs(rng.normal(0, 0.06))
    if rng.random() < 0.05:
        weights[[index["cheekPuff_L"], index["cheekPuff_R"]]] = rng.uniform(0, 0.5)
    return weights
