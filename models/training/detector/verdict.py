"""How far the teacher is believed.

In photos of people nearly every answer is a face. The backgrounds are full of animals, pots and shoes
that the teacher takes for faces with some hesitation; those are what ours must learn to leave alone.
"""

from __future__ import annotations

import re

import numpy as np

from .boxes import iou
from .canvas import FACE, IGNORE
from .sources import Picture
from .teacher import Teacher

PHOTO = (0.4, 0.7)  # below: no face; between: nobody knows; above: a face
BACKGROUND = (0.55, 0.85)
SMALL_BACKGROUND = (0.35, 0.85)  # people in the distance score low
SMALL = 20.0  # pixels
# ImageNet's identifiers of animals lie between the first two, those of dogs, cats and bears between the
# second two: the teacher is nearly as sure of a dog's face as of its owner's.
ANIMALS, ANIMAL = ("n01322604", "n02512053"), (0.7, 0.92)
FURRY, FURRY_ANIMAL = ("n02085000", "n02140000"), (0.87, 0.93)
# In a finished scene: under this a face is lost to whatever hides or blurs it; from there on what nobody pasted may be one.
LOST, STRANGER = 0.3, 0.8
SAME = 0.4  # intersection over union


def judge(picture: Picture) -> np.ndarray:
    """The picture's faces [F, 15] with the score replaced by FACE or IGNORE; what is neither is left out."""
    faces = picture.faces.copy()
    score = faces[:, 14].copy()
    doubt, sure = thresholds(picture, faces)
    faces[:, 14] = np.where(score >= sure, FACE, IGNORE)
    return faces[score >= doubt]


def thresholds(picture: Picture, faces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """From which score on each of `faces` [F, 15] is doubtful, and from which it is a face."""
    identifier = re.match(r"n\d{8}", picture.name)
    if not identifier:
        return np.full(len(faces), PHOTO[0]), np.full(len(faces), PHOTO[1])
    small = (faces[:, 2] - faces[:, 0]) < SMALL
    doubt = np.where(small, SMALL_BACKGROUND[0], BACKGROUND[0])
    sure = np.where(small, SMALL_BACKGROUND[1], BACKGROUND[1])
    if ANIMALS[0] < identifier[0] < ANIMALS[1]:
        doubt, sure = (np.full(len(faces), v) for v in ANIMAL)
    if FURRY[0] < identifier[0] < FURRY[1]:
        doubt, sure = (np.full(len(faces), v) for v in FURRY_ANIMAL)
    return doubt, sure


def checked(gray: np.ndarray, rows: np.ndarray, teacher: Teacher) -> np.ndarray:
    """Rows [F, 15] of a finished scene `gray` [S, S]: faces in which the teacher no longer sees one are IGNORE, as is what it
    takes for a face where none is known. A face that nobody can see teaches to see them everywhere."""
    seen = teacher.detect(np.repeat(gray[:, :, None], 3, 2), LOST)
    shared = iou(rows[:, :4], seen[:, :4])
    rows = rows.copy()
    rows[(rows[:, 14] == FACE) & ~(shared >= SAME).any(1), 14] = IGNORE
    strangers = seen[(seen[:, 14] >= STRANGER) & ~(shared > 0.1).any(0)]
    strangers[:, 14] = IGNORE
    return np.vstack([rows, strangers]).astype(np.float32)
