"""Random light: a key, a fill and a rim lamp over a sky and a ground."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass
class Light:
    """`directions` float32 [3, 3] (unit, towards the lamp, camera space), `powers` float32 [3]: key, fill, rim."""

    directions: np.ndarray
    powers: np.ndarray
    sky: float
    ground: float
    shadow: float  # how much of the key lamp a cast shadow takes, 0 to 1


def direction(azimuth: float, elevation: float) -> np.ndarray:
    """Unit vector towards a lamp; degrees, azimuth 0 behind the camera and positive to the picture's right."""
    a, e = np.radians([azimuth, elevation])
    return np.array([np.cos(e) * np.sin(a), np.sin(e), np.cos(e) * np.cos(a)], np.float32)


def sample(rng) -> Light:
    """Draw a light: mostly soft and frontal, sometimes hard, from the side or from below."""
    hard = rng.random() < 0.3
    spread = 65 if hard else 40
    key = direction(rng.normal(0, spread), rng.normal(20, 25))
    fill = direction(rng.uniform(-90, 90), rng.uniform(-20, 40))
    rim = direction(rng.choice([-1, 1]) * rng.uniform(110, 160), rng.uniform(-10, 50))
    powers = [rng.uniform(0.5, 1.3), rng.uniform(0, 0.4), max(0, rng.normal(0, 0.5))]
    sky = rng.uniform(0.08, 0.3) if hard else rng.uniform(0.25, 0.9)
    return Light(np.stack([key, fill, rim]), np.array(powers, np.float32), sky, sky * rng.uniform(0.3, 0.9),
                 rng.uniform(0.4, 1) if rng.random() < 0.6 else 0.0)  # fmt: skip
