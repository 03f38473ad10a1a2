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
    weights = expression.blendshapes(mood, mesh.load(data).expression_index, person.gains, rng)
    linear, alpha, labels = draw(person, shot, mood.units, weights, size, data)
    labels.update(expression=mood.label, valence_arousal=mood.valence_arousal)
    return expose(linear, alpha, rng), alpha, labels


def expose(linear, alpha, rng):
    """Develop linear luma [H, W] to gray uint8: the camera picks an exposure from what it sees."""
    mean = linear[alpha > 128].mean() + 1e-4
    gain = (0.18 / mean) ** rng.uniform(0.35, 0.95) * np.exp(rng.normal(0.15, 0.3))
    toned = 1 - np.exp(-linear * gain * 1.15) if rng.random() < 0.6 else np.clip(linear * gain, 0, 1)
    return (255 * toned ** (1 / 2.2) + 0.5).clip(0, 255).astype(np.uint8)
