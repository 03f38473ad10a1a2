"""What the second teacher sees, in mien's terms: 68 points, pose, action units.

Points: for each of Multi-PIE's 68 the vertex of MediaPipe's mesh that lies nearest to it, on the mean, in 490 open and
nearly frontal renders, whose points are known; of two that are as near, the one that is a corner or a mirror image of its
partner. The inner 51 lie within 0.03 to 0.11 of the eyes' distance there (the brows' inner points farthest). The 17 of the
jaw are not the same thing (MediaPipe's outline is that of its mesh, not of the visible cheek) and are left to the renders.

Pose: MediaPipe's canonical face to camera, in the angles of `synth/camera.py`; its pitch is 2.4 degrees less than the
renders' on the mean, its yaw and roll agree.

Action units: the blendshapes that ICT-FaceKit's README gives for each (https://github.com/ICT-VGL/ICT-FaceKit), left and
right averaged. MediaPipe's cheekSquint and noseSneer stay near 0 on any face, so AU6 and AU9 have none. AU25, lips
parted, is the gap between the inner lips over the mouth's width.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

INNER = np.arange(17, 68)  # without the jaw
VERTICES = (
    127, 234, 132, 58, 172, 150, 149, 148, 152, 377, 378, 379, 397, 288, 361, 454, 356,  # jaw
    70, 63, 105, 66, 107, 336, 296, 334, 293, 300,  # brows
    168, 197, 195, 4, 98, 97, 2, 326, 327,  # nose
    33, 160, 158, 133, 153, 144, 362, 385, 387, 263, 373, 380,  # eyes
    61, 40, 37, 0, 267, 270, 291, 321, 314, 17, 84, 91,  # outer lips
    78, 81, 13, 311, 308, 402, 14, 178,  # inner lips
)  # fmt: skip
BLENDSHAPES = (
    "_neutral", "browDownLeft", "browDownRight", "browInnerUp", "browOuterUpLeft", "browOuterUpRight", "cheekPuff",
    "cheekSquintLeft", "cheekSquintRight", "eyeBlinkLeft", "eyeBlinkRight", "eyeLookDownLeft", "eyeLookDownRight",
    "eyeLookInLeft", "eyeLookInRight", "eyeLookOutLeft", "eyeLookOutRight", "eyeLookUpLeft", "eyeLookUpRight",
    "eyeSquintLeft", "eyeSquintRight", "eyeWideLeft", "eyeWideRight", "jawForward", "jawLeft", "jawOpen", "jawRight",
    "mouthClose", "mouthDimpleLeft", "mouthDimpleRight", "mouthFrownLeft", "mouthFrownRight", "mouthFunnel", "mouthLeft",
    "mouthLowerDownLeft", "mouthLowerDownRight", "mouthPressLeft", "mouthPressRight", "mouthPucker", "mouthRight",
    "mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper", "mouthSmileLeft", "mouthSmileRight",
    "mouthStretchLeft", "mouthStretchRight", "mouthUpperUpLeft", "mouthUpperUpRight", "noseSneerLeft", "noseSneerRight",
)  # fmt: skip
UNITS = {
    "AU1": ("browInnerUp",), "AU2": ("browOuterUp",), "AU4": ("browDown",), "AU5": ("eyeWide",), "AU7": ("eyeSquint",),
    "AU10": ("mouthUpperUp",), "AU12": ("mouthSmile",), "AU14": ("mouthDimple",), "AU15": ("mouthFrown",),
    "AU16": ("mouthLowerDown",), "AU17": ("mouthShrugLower",), "AU18": ("mouthPucker",), "AU20": ("mouthStretch",),
    "AU22": ("mouthFunnel",), "AU24": ("mouthPress",), "AU25": (), "AU26": ("jawOpen",),
    "AU28": ("mouthRollLower", "mouthRollUpper"), "AU45": ("eyeBlink",),
}  # fmt: skip
LIPS = (61, 291, 13, 14)  # both corners, the inner lips' middles
WIDEST = 0.75  # gap over width from which AU25 is 1
SCALE = Path(__file__).parent / "scale.json"
USUAL = (5, 99.5)  # per cent of faces: where an intensity is 0, and where it is 1


def landmarks(points: np.ndarray) -> np.ndarray:
    """Multi-PIE's points float32 [..., 68, 2] of MediaPipe's [..., 478, 2]."""
    return points[..., VERTICES, :].astype(np.float32)


def pose(matrix: np.ndarray) -> np.ndarray:
    """Yaw, pitch and roll float32 [..., 3] in degrees, as `synth/camera.py` names them, of matrices [..., 4, 4]."""
    turn = matrix[..., :3, :3] / np.linalg.norm(matrix[..., :3, :3], axis=-2, keepdims=True).clip(1e-6)
    yaw = np.arctan2(-turn[..., 2, 0], np.hypot(turn[..., 2, 1], turn[..., 2, 2]))
    pitch = np.arctan2(-turn[..., 2, 1], turn[..., 2, 2])
    roll = np.arctan2(-turn[..., 1, 0], turn[..., 0, 0])
    return np.rad2deg(np.stack([yaw, pitch, roll], -1)).astype(np.float32)


def raw_units(blendshapes: np.ndarray, points: np.ndarray, names: list[str]) -> np.ndarray:
    """Action units [..., K] on the teacher's own scale, from its blendshapes [..., 52] and points [..., 478, 2]; nan for
    those that it does not see."""
    columns = []
    for name in names:
        if name == "AU25":
            columns.append(lip_gap(points))
        elif name in UNITS:
            shapes = [k for k, shape in enumerate(BLENDSHAPES) if shape.removesuffix("Left").removesuffix("Right") in UNITS[name]]
            columns.append(blendshapes[..., shapes].astype(np.float32).mean(-1))
        else:
            columns.append(np.full(blendshapes.shape[:-1], np.nan, np.float32))
    return np.stack(columns, -1)


def lip_gap(points: np.ndarray) -> np.ndarray:
    """Gap between the inner lips over the mouth's width, 0 to 1 at `WIDEST`, of points [..., 478, 2]."""
    left, right, upper, lower = (points[..., k, :].astype(np.float32) for k in LIPS)
    width = np.linalg.norm(left - right, axis=-1).clip(1e-3)
    return (np.linalg.norm(upper - lower, axis=-1) / width / WIDEST).clip(0, 1)


def units(raw: np.ndarray, names: list[str]) -> np.ndarray:
    """Intensities [..., K], 0 to 1, of action units on the teacher's own scale: linear between the values that `scale.json`
    gives, which few of FER+'s training faces are below or above. nan stays nan."""
    scale = json.loads(SCALE.read_text())
    low, high = (np.float32([scale.get(name, [0, 1])[end] for name in names]) for end in (0, 1))
    return ((raw - low) / (high - low)).clip(0, 1)


def usual(raw: np.ndarray, names: list[str]) -> dict[str, list[float]]:
    """For `scale.json`: the values of `raw` [N, K] between which the faces lie, by action unit."""
    seen = [(name, raw[:, k]) for k, name in enumerate(names) if not np.isnan(raw[:, k]).any()]
    return {name: [round(float(v), 4) for v in np.percentile(values, USUAL)] for name, values in seen}
