"""Who plays in the demo clip, and how they express themselves."""

from __future__ import annotations

import numpy as np

from . import hair, light, shading
from .demo_scene import Actor, ratio
from .person import sample_person

UNITS = (
    {
        "happiness": {"AU6": 0.85, "AU12": 0.92, "AU25": 0.9, "AU26": 0.08},
        "surprise": {"AU1": 0.95, "AU2": 1.05, "AU5": 0.9, "AU26": 0.7},
        "sadness": {"AU1": 1.05, "AU4": 0.45, "AU15": 1.0, "AU17": 0.7},
        "anger": {"AU4": 1.35, "AU7": 0.45, "AU9": 0.25, "AU24": 0.6, "AU17": 0.4, "AU15": 0.2},
    },
    {
        "happiness": {"AU6": 0.7, "AU12": 0.95, "AU25": 1.0, "AU26": 0.22},
        "surprise": {"AU1": 1.0, "AU2": 1.0, "AU5": 0.95, "AU26": 0.6, "AU22": 0.25},
        "sadness": {"AU1": 0.85, "AU4": 0.6, "AU15": 1.0, "AU17": 0.6, "AU7": 0.3, "AU45": 0.15},
        "anger": {"AU4": 1.35, "AU7": 0.5, "AU10": 0.2, "AU16": 0.6, "AU25": 0.8, "AU26": 0.4},
    },
)
BLINKS = ((0.6, 3.4, 5.6, 11.4, 15.2, 18.1), (1.9, 5.4, 8.2, 14.2, 17.6, 19.4))
CLOTH_BRIGHTNESS = (92, 168)


def cast(data: str) -> list[Actor]:
    """The two actors."""
    return [_first(data), _second(data)]


def _first(data):
    """A woman with long dark hair, lit from the window."""
    person = sample_person(np.random.default_rng(11), data)
    person.hair = hair.Hair("long", 0.022, 0.6, hair.HAIRLINE + np.float32(0.4), 1.0, 8.0, 64.0,
                            np.array([[3, 0.5, 0.1], [5, 2, 0.1], [8, 4, 0.06]]), 0.15)  # fmt: skip
    _complexion(person, tone=0.42, lips=0.55, liner=0.7, shadow=0.12, age=0.0, brow_thickness=1.0)
    _look(person, hair=0.022, streak=0.6, cloth=0.10, iris=0.05, cloth_line=-9.8)
    lamp = light.Light(np.stack([light.direction(38, 32), light.direction(-45, 8), light.direction(-140, 25)]),
                       np.array([0.95, 0.22, 0.25], np.float32), 0.5, 0.3, 0.5)  # fmt: skip
    return Actor(person, ratio(1.22, 0.93, 0.79), ratio(1.2, 0.93, 0.8), ratio(0.75, 1.0, 1.5), (163, 166), lamp)


def _second(data):
    """A man with short hair and stubble, lit from the lamp."""
    person = sample_person(np.random.default_rng(23), data)
    person.hair = hair.Hair("short", 0.015, 0.5, hair.HAIRLINE, 0.55, 0.0, 70.0,
                            np.array([[3, 0.5, 0.12], [5, 2, 0.1], [8, 4, 0.1]]), 0.2)  # fmt: skip
    _complexion(person, tone=0.17, lips=0.8, liner=0.4, shadow=0.0, age=0.1, beard=0.35, moustache=0.35, lids=0.3)
    _look(person, hair=0.015, streak=0.5, cloth=0.35, iris=0.03, cloth_line=-10.2)
    lamp = light.Light(np.stack([light.direction(-35, 35), light.direction(50, 5), light.direction(140, 25)]),
                       np.array([0.95, 0.25, 0.3], np.float32), 0.5, 0.3, 0.5)  # fmt: skip
    return Actor(person, ratio(1.28, 0.92, 0.72), ratio(1.1, 0.97, 0.88), ratio(1.25, 0.98, 0.7), (157, 166), lamp)


def _complexion(person, tone, lips, liner, shadow, age, beard=0.0, moustache=0.0, brow_thickness=1.0, lids=0.12):
    values = dict(tone=tone, lips=lips, liner=liner, shadow=shadow, age=age, beard=beard, moustache=moustache,
                  brow_thickness=brow_thickness, blotch=0.03, pores=0.02, freckles=0.0, bags=0.03, shine=0.12,
                  bristle=0.03, brow_offset=-0.3, brow_tilt=0.05, brow_arch=0.05, brow_strength=0.95)  # fmt: skip
    for name, value in values.items():
        setattr(person.skin, name, value)
    person.lids = lids


def _look(person, **slots):
    slots |= {"tone": person.skin.tone, "shine": person.skin.shine, "teeth": 0.75, "sclera": 0.7, "iris_radius": 0.62}
    for name, value in slots.items():
        person.look[shading.LOOK.index(name)] = value
