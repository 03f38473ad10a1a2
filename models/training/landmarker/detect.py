"""Run MediaPipe's face landmarker (`face_landmarker.task`, Apache-2.0) on one picture and on its mirror image.

It sees small pictures badly, so they are enlarged first and given a border of repeated pixels. The mirror image is
a second look: where both agree the answer is believed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

POINTS, BLENDSHAPES = 478, 52
SIDE = 256  # px of the longer side after enlarging
BORDER = 0.33  # of that side


@dataclass
class Look:
    """`points` float32 [478, 2] in px of the picture as it was given; `blendshapes` float32 [52], 0 to 1;
    `matrix` float32 [4, 4], MediaPipe's canonical face to its camera."""

    points: np.ndarray
    blendshapes: np.ndarray
    matrix: np.ndarray


def open_landmarker(path: Path) -> Callable[[np.ndarray], Look | None]:
    """A function from a picture uint8 [h, w] or [h, w, 3] (BGR) to what is seen of its clearest face, or None."""
    import mediapipe
    from mediapipe.tasks.python import BaseOptions, vision

    options = vision.FaceLandmarkerOptions(
        base_options=BaseOptions(model_asset_path=str(path)), num_faces=1,
        output_face_blendshapes=True, output_facial_transformation_matrixes=True,
    )  # fmt: skip
    landmarker = vision.FaceLandmarker.create_from_options(options)

    def look(picture: np.ndarray) -> Look | None:
        big, scale, border = enlarged(picture)
        rgb = cv2.cvtColor(big, cv2.COLOR_GRAY2RGB if big.ndim == 2 else cv2.COLOR_BGR2RGB)
        seen = landmarker.detect(mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=rgb))
        if not seen.face_landmarks:
            return None
        height, width = big.shape[:2]
        points = np.array([[p.x * width, p.y * height] for p in seen.face_landmarks[0]])
        blendshapes = np.array([b.score for b in seen.face_blendshapes[0]], np.float32)
        return Look(((points - border) / scale).astype(np.float32), blendshapes, seen.facial_transformation_matrixes[0].astype(np.float32))

    return look


def enlarged(picture: np.ndarray) -> tuple[np.ndarray, float, int]:
    """`picture` with its longer side at `SIDE` px and its border repeated; the scale, and the border in px."""
    scale, border = SIDE / max(picture.shape[:2]), int(SIDE * BORDER)
    big = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA)
    return cv2.copyMakeBorder(big, border, border, border, border, cv2.BORDER_REPLICATE), scale, border
