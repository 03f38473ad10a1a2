"""One random head, drawn in gray with its alpha matte and its exact labels."""

from __future__ import annotations

import numpy as np

from . import expression, mesh
from .draw import draw
from .person import sample_person, sample_shot


def render_head(rng, size: int = 192, data: str = mesh.DEFAULT_DATA, name: str | None = None,
                width: tuple[float, float] = (0.43, 0.66), shape: np.ndarray | None = None):
    """Draw one random head, of class `name` and with the neutral face `shape` [V * 3] if given.

    Returns gray uint8 [size, size], alpha uint8 [size, size] and the labels of `draw`.
    """  # fmt: skip
    person = sample_person(rng, data, shape)
    shot = sample_shot(rng, size, width)
    mood = expression.sample(rng, name)
    _bear(rng, shot, mood)
    weights = expression.blendshapes(mood, mesh.load(data).expression_index, person.gains, rng)
    linear, alpha, labels = draw(person, shot, mood.units, weights, size, data)
    labels.update(expression=mood.label, valence_arousal=mood.valence_arousal)
    return expose(linear, alpha, rng), alpha, labels


def _bear(rng, shot, mood):
    """Sad heads and eyes often sink, angry heads lower a little; in place."""
    kind = expression.CLASSES[int(mood.label.argmax())]
    if kind == "sadness" and rng.random() < 0.5:
        shot.pose[1] = max(shot.pose[1] - abs(rng.normal(0, 9)), -30)
        shot.gaze = (shot.gaze[0], max(shot.gaze[1] - rng.uniform(0, 0.8), -1))
    elif kind == "anger" and rng.random() < 0.4:
        shot.pose[1] = max(shot.pose[1] - abs(rng.normal(0, 7)), -30)


def expose(linear, alpha, rng):
    """Develop linear luma [H, W] to gray uint8: the camera picks an exposure from what it sees."""
    mean = linear[alpha > 128].mean() + 1e-4
    gain = (0.18 / mean) ** rng.uniform(0.35, 0.95) * np.exp(rng.normal(0.08, 0.22))
    toned = 1 - np.exp(-linear * gain * 1.15) if rng.random() < 0.6 else np.clip(linear * gain, 0, 1)
    toned = toned ** (1 / 2.2)
    if rng.random() < 0.75:
        low, high = np.percentile(toned[alpha > 128][::7], (3, 97))
        dark, light = rng.uniform(0, 0.2), rng.uniform(0.65, 1)
        share = rng.uniform(0.5, 1)
        stretched = (toned - low) / max(high - low, 0.1) * (light - dark) + dark
        toned = toned + share * (stretched - toned)
    return (255 * toned + 0.5).clip(0, 255).astype(np.uint8)
