"""Scenes to learn from: faces pasted into backgrounds, mosaics, portraits, and pictures without faces."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from .boxes import similarity, stretched
from .canvas import FACE, IGNORE, Canvas, moved
from .clutter import clouds, clutter
from .config import SceneConfig
from .degrade import degrade
from .masks import dressed, feather, head_mask, match_light, occlude, part_of_face
from .sources import Picture, load, load_ferplus, load_heads
from .teacher import Teacher
from .verdict import checked, judge


@dataclass
class Library:
    """Pictures by kind; every face's last column is FACE or IGNORE."""

    photos: list[Picture]
    backgrounds: list[Picture]
    ferplus: list[Picture] = field(default_factory=list)
    heads: list[Picture] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.portraits = [p for p in self.photos if (p.faces[:, 14] == FACE).any()]
        self.empties = [p for p in self.backgrounds if not len(p.faces)]
        self.faceless = [p for p in self.backgrounds if not (p.faces[:, 14] == FACE).any()]  # but perhaps doubtful ones


def load_library(data: Path) -> Library:
    """Everything that scenes are made of."""
    parts = [load("faces", data), load("backgrounds", data), load_ferplus(data), load_heads(data)]
    for picture in (p for part in parts for p in part):
        picture.faces = judge(picture)
    return Library(*parts)


def compose(library: Library, size: int, rng: np.random.Generator, config: SceneConfig, teacher: Teacher | None = None) -> tuple:
    """One scene: `gray` uint8 [size, size], and rows [F, 15] of box, landmarks and FACE or IGNORE, which `teacher` checks."""
    weights = np.array(list(config.kinds.values()))
    kind = rng.choice(list(config.kinds), p=weights / weights.sum())
    canvas = KINDS[kind](library, size, rng, config)
    gray, rows = degrade(canvas.gray, rng), canvas.labels(config.smallest_face)
    return gray, checked(gray, rows, teacher) if teacher else rows


def pasted(library: Library, size: int, rng: np.random.Generator, config: SceneConfig) -> Canvas:
    """One to seven faces, large or small, blended into a background."""
    canvas = Canvas(size)
    backdrop(canvas, pick(library.backgrounds, rng), rng)
    if rng.random() < 0.15 and not len(canvas.rows):
        clutter(canvas.gray, rng)
    largest = np.exp(rng.uniform(np.log(24), np.log(0.85 * size)))
    for _ in range(rng.integers(1, 4 if largest > 0.4 * size else 8)):
        extent = np.exp(rng.uniform(np.log(max(13, largest / 3)), np.log(largest)))
        paste_face(canvas, library, extent, rng, config)
    return canvas


def crowd(library: Library, size: int, rng: np.random.Generator, config: SceneConfig) -> Canvas:
    """Many small faces, as across a room."""
    canvas = Canvas(size)
    backdrop(canvas, pick(library.backgrounds, rng), rng)
    for _ in range(rng.integers(3, 5 + size // 32)):
        paste_face(canvas, library, np.exp(rng.uniform(np.log(15), np.log(44))), rng, config)
    return canvas


def mosaic(library: Library, size: int, rng: np.random.Generator, config: SceneConfig) -> Canvas:
    """Tiles of photos and backgrounds with hard edges, so that edges mean nothing."""
    canvas = Canvas(size)
    cuts = lambda n: np.r_[0, np.sort(rng.integers(size // 8, size * 7 // 8, n - 1)), size]  # noqa: E731
    ys = cuts(rng.integers(1, 5))
    for y0, y1 in zip(ys[:-1], ys[1:]):
        xs = cuts(rng.integers(1, 5))
        for x0, x1 in zip(xs[:-1], xs[1:]):
            if y1 - y0 >= 8 and x1 - x0 >= 8:
                source = library.photos if rng.random() < 0.7 else library.backgrounds
                tile(canvas, pick(source, rng), (x0, y0, x1, y1), rng, config)
    return canvas


def portrait(library: Library, size: int, rng: np.random.Generator, config: SceneConfig) -> Canvas:
    """One photo close up, or a few smaller ones, over another picture."""
    canvas = Canvas(size, int(rng.integers(256)))
    if rng.random() < 0.7:
        backdrop(canvas, pick(library.empties, rng), rng)
    extent = np.exp(rng.uniform(np.log(0.12 * size), np.log(1.0 * size)))
    for _ in range(1 if extent > 0.4 * size else rng.integers(1, 5)):
        photo = pick(library.portraits, rng)
        matrix = place(photo, extent, size, rng, config, spread=0.25 if extent > 0.4 * size else 0.45)
        if canvas.room(moved(photo.faces, matrix)[0, :4]):
            mask = feather(photo.gray.shape, rng) if rng.random() < 0.3 else None
            canvas.paste(dressed(photo, rng), photo.faces, matrix, mask)
    return canvas


def whole(library: Library, size: int, rng: np.random.Generator, config: SceneConfig) -> Canvas:
    """One photo from edge to edge, and black beyond it, as a server gives it to the network."""
    canvas = Canvas(size)
    photo = pick(library.photos, rng)
    h, w = photo.gray.shape
    scale = size / max(h, w) * (1.0 if rng.random() < 0.5 else np.exp(rng.uniform(-0.9, 0.2)))
    shown = np.minimum(np.array([w, h]) * scale, size)
    source = np.array([w, h]) / 2 + (np.array([w, h]) - shown / scale) * rng.uniform(-0.5, 0.5, 2)
    matrix = similarity(scale, 0, rng.random() < 0.5, source, shown / 2)
    canvas.window(dressed(photo, rng), photo.faces, matrix, (0, 0, *np.round(shown).astype(int)))
    return canvas


def empty(library: Library, size: int, rng: np.random.Generator, config: SceneConfig) -> Canvas:
    """No face: a background, perhaps with things drawn in, parts of others, and eyes, mouths and cheeks."""
    canvas = Canvas(size)
    if rng.random() < 0.1:
        canvas.gray[:] = clouds(size, rng)
    else:
        backdrop(canvas, pick(library.faceless, rng), rng, strange=True)
    if rng.random() < 0.2:
        other = Canvas(size)
        backdrop(other, pick(library.empties, rng), rng, strange=True)
        share = rng.uniform(0.3, 0.7)
        canvas.gray[:] = share * canvas.gray + (1 - share) * other.gray
    if rng.random() < 0.4:
        clutter(canvas.gray, rng)
    for _ in range(rng.integers(0, 4)):
        if rng.random() < 0.4:
            gray = part_of_face(pick(library.portraits, rng), rng)
        else:
            gray = pick(library.empties, rng).gray
        if gray is not None:
            extent = np.exp(rng.uniform(np.log(16), np.log(0.6 * size)))
            scale = extent / max(gray.shape)
            middle = np.array(gray.shape[::-1]) / 2
            matrix = similarity(scale, rng.uniform(-40, 40), rng.random() < 0.5, middle, rng.uniform(0, size, 2))
            canvas.paste(gray, np.zeros((0, 15), np.float32), matrix, feather(gray.shape, rng))
    return canvas


KINDS = {"pasted": pasted, "crowd": crowd, "mosaic": mosaic, "portrait": portrait, "whole": whole, "empty": empty}


def pick(pictures: list[Picture], rng: np.random.Generator) -> Picture:
    """One of the pictures."""
    return pictures[int(rng.integers(len(pictures)))]


def backdrop(canvas: Canvas, picture: Picture, rng: np.random.Generator, strange: bool = False) -> None:
    """Fill the canvas with a part of the picture, no edge in sight; a `strange` one may be turned and stretched."""
    gray, faces, size = picture.gray, picture.faces, canvas.gray.shape[0]
    if strange and not len(faces):
        if rng.random() < 0.3:
            gray = np.ascontiguousarray(np.rot90(gray, int(rng.integers(4))))
        if rng.random() < 0.4:
            gray = cv2.resize(gray, None, fx=np.exp(rng.uniform(-0.5, 0.5)), fy=np.exp(rng.uniform(-0.5, 0.5)))
    turn = 0.0 if len(faces) or rng.random() < 0.5 else rng.uniform(-20, 20)
    scale = size / min(gray.shape) * np.exp(rng.uniform(0, np.log(2.5)))
    span = np.array(gray.shape[::-1], float)
    reach = np.minimum(size / 2 / scale, span / 2)
    source = rng.uniform(reach, span - reach + 1e-6)
    canvas.cover(gray, faces, similarity(scale, turn, rng.random() < 0.5, source, np.full(2, size / 2)))


def place(
    picture: Picture, extent: float, size: int, rng: np.random.Generator, config: SceneConfig, spread: float = 0.5
) -> np.ndarray:
    """Affine [2, 3] that gives the picture's surest face `extent` pixels, anywhere (0.5) or near the middle (0)."""
    box = picture.faces[picture.faces[:, 14] == FACE][0, :4]
    scale = extent / max(box[2] - box[0], box[3] - box[1])
    turn = np.clip(rng.normal(0, 0.5), -1, 1) * config.rotation
    target = size / 2 + size * rng.uniform(-spread, spread, 2)
    middle = (box[:2] + box[2:]) / 2
    matrix = similarity(scale, turn, rng.random() < 0.5, middle, target)
    return stretched(matrix, np.exp(rng.uniform(-1, 1, 2) * config.stretch), middle) if rng.random() < 0.5 else matrix


def paste_face(canvas: Canvas, library: Library, extent: float, rng: np.random.Generator, config: SceneConfig) -> None:
    """Blend one face into the canvas where none is yet; give up after a few tries."""
    sources = [library.portraits, library.ferplus if extent < 110 else library.portraits, library.heads]
    # From afar a rendered head is as good as a photo, and there are more of them.
    weights = np.array([0.45, 0.2, 0.35] if extent < 48 else [0.6, 0.25, 0.15]) * [len(s) > 0 for s in sources]
    picture = pick(sources[rng.choice(3, p=weights / weights.sum())], rng)
    for _ in range(4):
        matrix = place(picture, extent, canvas.gray.shape[0], rng, config)
        if canvas.room(moved(picture.faces, matrix)[0, :4]):
            break
    else:
        return
    mask = head_mask(picture, rng)
    gray = dressed(picture, rng, first=True)
    gray = match_light(gray, mask, canvas, rng) if rng.random() < 0.5 else gray
    if rng.random() < 0.15:
        gray = occlude(gray, picture.faces[0, :4], pick(library.empties, rng).gray, rng)
    canvas.paste(gray, picture.faces, matrix, mask)


def tile(canvas: Canvas, picture: Picture, window: tuple, rng: np.random.Generator, config: SceneConfig) -> None:
    """Fill the window (x0, y0, x1, y1) with the picture, or with a part of it."""
    x0, y0, x1, y1 = window
    h, w = picture.gray.shape
    whole, full = sorted(((x1 - x0) / w, (y1 - y0) / h))
    scale = full * np.exp(rng.uniform(0, 0.3)) if rng.random() < 0.4 else rng.uniform(whole, full)
    source = np.array([w, h]) / 2 + np.array([w - (x1 - x0) / scale, h - (y1 - y0) / scale]) * rng.uniform(-0.5, 0.5, 2)
    target = np.array([x0 + x1, y0 + y1]) / 2
    turn = np.clip(rng.normal(0, 0.5), -1, 1) * config.rotation * (rng.random() < 0.5)
    matrix = similarity(scale, turn, rng.random() < 0.5, source, target)
    canvas.window(dressed(picture, rng), picture.faces, matrix, window)
