"""What hides parts of a face: glasses, masks, hands and stray objects, drawn over the picture in 2D.

Every function draws on gray uint8 [H, W] and a covering mask uint8 [H, W] (255: hidden), in place.
"""

from __future__ import annotations

import cv2
import numpy as np


def add(rng, gray, marks, visible, tone: int):
    """Draw random occluders; `marks` [68, 2], `visible` [68], `tone` the skin's gray value.

    Returns the covering mask uint8 [H, W]. Clear glasses hide nothing.
    """
    cover = np.zeros_like(gray)
    if rng.random() < 0.11:
        glasses(rng, gray, cover, marks, visible)
    draw = rng.random()
    if draw < 0.025:
        mask(rng, gray, cover, marks)
    elif draw < 0.085:
        hand(rng, gray, cover, marks, tone)
    elif draw < 0.1:
        stray(rng, gray, cover, marks)
    return cover


def _blend(gray, shape, value):
    """Mix `value` (number or [H, W]) into `gray` by the coverage `shape` uint8 [H, W]."""
    weight = shape.astype(np.float32) / 255
    gray[:] = (gray * (1 - weight) + value * weight + 0.5).clip(0, 255).astype(np.uint8)


def _fill(gray, points):
    canvas = np.zeros_like(gray)
    cv2.fillPoly(canvas, [np.round(np.asarray(points) * 16).astype(np.int32)], 255, cv2.LINE_AA, shift=4)
    return canvas


def glasses(rng, gray, cover, marks, visible):
    """Rims around both eyes, a bridge, and arms; one in five dark."""
    unit = np.linalg.norm(marks[45] - marks[36]) / 9
    dark = rng.random() < 0.2
    round_, grow, drop = rng.uniform(2, 6), rng.uniform(1.25, 1.75), rng.uniform(0, 0.5)
    angle = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    # A superellipse runs from round to square.
    outline = np.stack([np.sign(np.cos(angle)) * abs(np.cos(angle)) ** (2 / round_),
                        np.sign(np.sin(angle)) * abs(np.sin(angle)) ** (2 / round_)], 1)  # fmt: skip
    rims = np.zeros_like(gray)
    thick = max(1, int(round(rng.uniform(0.15, 0.55) * unit)))
    colour = int(rng.choice([rng.integers(0, 60), rng.integers(60, 230)], p=[0.7, 0.3]))
    ends = []
    for eye, inner, outer in ((slice(36, 42), 39, 36), (slice(42, 48), 42, 45)):
        along = (marks[outer] - marks[inner]) / 2
        down = marks[33] - marks[27]
        down = down / (np.linalg.norm(down) + 1e-6) * unit * rng.uniform(1.5, 2.1)
        centre = marks[eye].mean(0) + down * drop
        rim = centre + outline @ np.stack([along * grow, down])
        if dark or rng.random() < 0.15:
            lens = _fill(gray, rim)
            _blend(gray, (lens * (rng.uniform(0.75, 1) if dark else 0.25)).astype(np.uint8),
                   rng.uniform(0, 60) if dark else 235)  # fmt: skip
            if dark:
                np.maximum(cover, lens, out=cover)
        cv2.polylines(rims, [np.round(rim * 16).astype(np.int32)], True, 255, thick, cv2.LINE_AA, 4)
        ends.append((centre - along * grow * 0.95, centre + along * grow, outer))
    bridge = np.stack([ends[0][0], ends[1][0]])
    cv2.polylines(rims, [np.round(bridge * 16).astype(np.int32)], False, 255, thick, cv2.LINE_AA, 4)
    for (_, end, outer), ear in zip(ends, (0, 16)):
        if visible[ear] and visible[outer]:
            arm = np.stack([end, marks[ear]])
            cv2.polylines(rims, [np.round(arm * 16).astype(np.int32)], False, 255, thick, cv2.LINE_AA, 4)
    _blend(gray, rims, colour)


def mask(rng, gray, cover, marks):
    """A mask over mouth and nose, with folds."""
    top = marks[28] * rng.uniform(0.5, 1) + marks[30] * 0.5
    top = top / (top.sum() / (marks[28] * 0.5 + marks[30] * 0.5).sum())
    shape = _fill(gray, np.concatenate([marks[2:15], [marks[14], (marks[14] + top) / 2, top, (marks[2] + top) / 2]]))
    rows = np.arange(len(gray))[:, None]
    unit = np.linalg.norm(marks[8] - marks[27]) / 8
    folds = 6 * np.sin(rows / unit * rng.uniform(2, 5) + rng.uniform(0, 6)) * np.ones(gray.shape)
    light = cv2.GaussianBlur(gray, (0, 0), unit).astype(np.float32)
    _blend(gray, shape, (rng.uniform(40, 240) * 0.7 + light * 0.3 + folds).clip(0, 255))
    np.maximum(cover, shape, out=cover)


def hand(rng, gray, cover, marks, tone):
    """A palm with fingers that comes from below or the side and covers part of the face."""
    unit = np.linalg.norm(marks[8] - marks[27]) / 8
    aim = marks[int(rng.choice([3, 5, 8, 11, 13, 48, 54, 57, 57, 30, 36, 45]))] + rng.normal(0, unit, 2)
    side = rng.choice([-1, 1])
    angle = rng.uniform(-1.1, 1.1) * side
    up = np.array([np.sin(angle), -np.cos(angle)])
    across = np.array([up[1], -up[0]])
    value = np.clip(tone * rng.uniform(0.8, 1.15), 15, 245)
    palm = aim - up * unit * 4.2
    for k in range(4):
        start = palm + across * (k - 1.5) * unit * 1.05 + up * unit
        tip = start + (up + across * (k - 1.5) * rng.uniform(-0.02, 0.14)) * unit * rng.uniform(3, 4.6)
        _capsule(gray, cover, start, tip, unit * rng.uniform(0.48, 0.62), value, unit)
    thumb = palm - across * side * unit * 2
    _capsule(gray, cover, thumb, thumb + (up * 0.7 - across * side * 0.7) * unit * 3, unit * 0.65, value, unit)
    _capsule(gray, cover, palm - up * unit * 9, palm + up * unit * 0.2, unit * 1.9, value, unit)


def _capsule(gray, cover, start, end, radius, value, unit):
    """A rounded stick, brighter along its middle."""
    canvas = np.zeros_like(gray)
    a, b = np.round(np.asarray([start, end]) * 16).astype(int)
    cv2.line(canvas, tuple(map(int, a)), tuple(map(int, b)), 255, max(1, int(2 * radius)), cv2.LINE_AA, 4)
    core = cv2.GaussianBlur(canvas, (0, 0), max(0.6, radius * 0.6)).astype(np.float32) / 255
    grown = cv2.dilate(canvas, None, iterations=max(1, int(unit * 0.15)))
    _blend(gray, cv2.addWeighted(grown, 0.35, canvas, 0, 0), value * 0.25)
    _blend(gray, canvas, value * (0.45 + 0.6 * core))
    np.maximum(cover, canvas, out=cover)


def stray(rng, gray, cover, marks):
    """Anything else: a bar, a cup, a card with a flat or graded face."""
    unit = np.linalg.norm(marks[8] - marks[27]) / 8
    centre = marks[int(rng.integers(68))] + rng.normal(0, 2 * unit, 2)
    half = unit * rng.uniform(0.8, 4, 2)
    angle = rng.uniform(0, np.pi)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    corners = centre + (np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * half) @ turn.T
    shape = _fill(gray, corners)
    slope = np.linspace(-1, 1, gray.shape[1])[None] * rng.uniform(-60, 60)
    _blend(gray, shape, (rng.uniform(10, 245) + slope + 0 * gray).clip(0, 255))
    np.maximum(cover, shape, out=cover)
