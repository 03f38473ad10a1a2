"""Who is drawn, and how the picture of them is taken."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from . import camera, expression, hair, light, mesh, shading, skin


@dataclass
class Person:
    """What stays the same from frame to frame."""

    shape: np.ndarray  # float32 [V * 3], the neutral face, cm
    hair: hair.Hair
    skin: skin.Skin
    look: np.ndarray  # float32, the slots of shading.LOOK
    gains: np.ndarray  # float32 [K]
    lids: float  # how far the upper lids hang at rest, 0 to 1
    seed: int  # of the textures


@dataclass
class Shot:
    """Pose in degrees, camera, light, and where the face box lies in the picture (pixels)."""

    pose: np.ndarray  # yaw, pitch, roll
    distance: float
    light: light.Light
    face_width: float
    centre: tuple[float, float]
    gaze: tuple[float, float] = (0.0, 0.0)


def sample_shapes(rng, count: int, data: str = mesh.DEFAULT_DATA) -> np.ndarray:
    """Neutral faces float32 [count, V * 3]; many at once cost a fraction of one at a time."""
    face = mesh.load(data)
    spread = rng.uniform(0.6, 1.25, (count, 1))
    modes = np.clip(rng.normal(0, 1, (count, 100)) * spread, -2.6, 2.6).astype(np.float32)
    shapes = (face.vertices.ravel() + modes @ face.identity).reshape(count, -1, 3)
    # The scanned faces are longer than those in photos at large, and no child is among them.
    stretch = rng.normal([1.06, 0.97, 1], [0.06, 0.035, 0.04], (count, 3)).astype(np.float32)
    # Jaws taper: narrower below the nose, wider at the temples.
    taper = rng.normal(0.012, 0.008, (count, 1)).astype(np.float32)
    shapes[..., 0] *= 1 + taper * np.clip(shapes[..., 1] - 2, -9, 5)
    return (shapes * stretch[:, None]).reshape(count, -1)


def sample_person(rng, data: str = mesh.DEFAULT_DATA, shape: np.ndarray | None = None) -> Person:
    """Draw an identity (or take the neutral face `shape` [V * 3]) with hair and skin."""
    if shape is None:
        shape = sample_shapes(rng, 1, data)[0]
    style = hair.sample(rng)
    painted = skin.sample(rng, min(style.albedo, 0.2) if style.kind not in ("hat", "scarf") else rng.uniform(0.01, 0.1))
    slots = {
        "tone": painted.tone,
        "hair": style.albedo,
        "streak": style.streak,
        "cloth": rng.uniform(0.02, 0.8),
        "shine": painted.shine,
        "iris": np.exp(rng.uniform(np.log(0.008), np.log(0.12))),
        "iris_radius": rng.uniform(0.6, 0.74),
        "pupil_radius": rng.uniform(0.16, 0.34),
        "sclera": rng.uniform(0.35, 0.7),
        "teeth": rng.uniform(0.6, 0.95),
        "gums": rng.uniform(0.12, 0.32),
        "bump": 1.0,
        "cloth_line": rng.uniform(-13, -9.5),
    }
    look = np.array([slots[name] for name in shading.LOOK], np.float32)
    return Person(shape, style, painted, look, expression.person_gains(rng), rng.uniform(0.05, 0.33),
                  int(rng.integers(2**31)))  # fmt: skip


def sample_shot(rng, size: int, width: tuple[float, float] = (0.43, 0.66)) -> Shot:
    """Draw pose, camera and light for a picture of `size` pixels; `width`: face box width over picture size."""
    pose = camera.sample_pose(rng)
    face_width = rng.uniform(*width) * size
    centre = size * (0.5 + rng.uniform(-0.07, 0.07, 2))
    gaze = tuple(rng.normal(0, [0.35, 0.25]).clip(-1, 1))
    return Shot(pose, camera.sample_distance(rng), light.sample(rng), face_width, tuple(centre), gaze)
