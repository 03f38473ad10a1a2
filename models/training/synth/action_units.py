"""Facial action units (FACS) as blendshape weights, left and right apart.

The names and the mapping of shapes follow the README of ICT-FaceKit; the gains make a unit at 1 as strong as
the strongest that people show.
"""

from __future__ import annotations

import numpy as np

NAMES = (
    "AU1", "AU2", "AU4", "AU5", "AU6", "AU7", "AU9", "AU10", "AU12", "AU14", "AU15", "AU16", "AU17", "AU18",
    "AU20", "AU22", "AU24", "AU25", "AU26", "AU28", "AU45",
)  # fmt: skip
INDEX = {name: k for k, name in enumerate(NAMES)}

# Sided shapes take the unit's left and right intensity, the others their mean.
SHAPES = {
    "AU1": {"browInnerUp_": 1.95},
    "AU2": {"browOuterUp_": 1.3},
    "AU4": {"browDown_": 2.1, "browInnerUp_": -0.4, "eyeSquint_": 0.2},
    "AU5": {"eyeWide_": 1.7},
    "AU6": {"cheekSquint_": 1.35, "eyeSquint_": 0.25},
    "AU7": {"eyeSquint_": 1.5},
    "AU9": {"noseSneer_": 1.25, "browDown_": 0.3},
    "AU10": {"mouthUpperUp_": 0.95, "noseSneer_": 0.2},
    "AU12": {"mouthSmile_": 1.25, "mouthStretch_": 0.15},
    "AU14": {"mouthDimple_": 1.1},
    "AU15": {"mouthFrown_": 1.9},
    "AU16": {"mouthLowerDown_": 1.2},
    "AU17": {"mouthShrugLower": 0.9, "mouthShrugUpper": 0.35},
    "AU18": {"mouthPucker": 0.9},
    "AU20": {"mouthStretch_": 1.35},
    "AU22": {"mouthFunnel": 0.9},
    "AU24": {"mouthPress_": 1.3, "mouthRollLower": 0.15, "mouthRollUpper": 0.15},
    "AU25": {"mouthLowerDown_": 0.5, "mouthUpperUp_": 0.25},
    "AU26": {"jawOpen": 0.95},
    "AU28": {"mouthRollLower": 0.8, "mouthRollUpper": 0.6},
    "AU45": {"eyeBlink_": 1.0},
}


def shape_weights(units: np.ndarray, index: dict[str, int], gains: np.ndarray) -> np.ndarray:
    """Blendshape weights float32 [53] of `units` [K, 2] (left, right), scaled by a person's `gains` [K]."""
    weights = np.zeros(len(index), np.float32)
    for k, name in enumerate(NAMES):
        left, right = units[k] * gains[k]
        if left == 0 and right == 0:
            continue
        for shape, gain in SHAPES[name].items():
            if shape.endswith("_"):
                weights[index[shape + "L"]] += gain * left
                weights[index[shape + "R"]] += gain * right
            else:
                weights[index[shape]] += gain * (left + right) / 2
    for side in "LR":
        _settle_eyelids(weights, index, side)
    return weights


def _settle_eyelids(weights, index, side):
    """A closed lid is neither wide nor squinted: keep the sum of lid shapes from passing through itself."""
    blink = index["eyeBlink_" + side]
    weights[blink] = min(weights[blink], 1.0)
    open_part = 1 - weights[blink]
    for shape in ("eyeWide_", "eyeSquint_"):
        weights[index[shape + side]] *= open_part
    weights[index["eyeSquint_" + side]] = min(weights[index["eyeSquint_" + side]], 1.9)
