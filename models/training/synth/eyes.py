"""Where the eyes look and how far their lids hang: blendshapes that are no action unit of an expression."""

from __future__ import annotations

import numpy as np


def look(weights: np.ndarray, index: dict[str, int], right: float, up: float) -> None:
    """Turn both eyes, in place: `right` (the picture's) and `up` from -1 to 1 of what the shapes span."""
    # The person's left eye is at +x, on the picture's right: looking right turns it outwards.
    outer, inner = max(right, 0), max(-right, 0)
    for shape, value in (("eyeLookOut_L", outer), ("eyeLookIn_R", outer), ("eyeLookIn_L", inner),
                         ("eyeLookOut_R", inner)):  # fmt: skip
        weights[index[shape]] = value
    for side in "LR":
        weights[index["eyeLookUp_" + side]] = max(up, 0)
        weights[index["eyeLookDown_" + side]] = max(-up, 0)


def rest_lids(weights: np.ndarray, index: dict[str, int], lids: float) -> None:
    """Let the upper lids hang by `lids` (0 to 1) where they are neither lifted nor squeezed, in place."""
    for side in "LR":
        lifted = min(weights[index["eyeWide_" + side]] / 1.2, 1)
        blink = index["eyeBlink_" + side]
        squint = min(weights[index["eyeSquint_" + side]] / 1.2, 1)
        weights[blink] += (1 - weights[blink]) * lids * (1 - lifted) * (1 - squint)
