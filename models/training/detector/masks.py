"""How a face is cut from its picture and laid into another: soft outlines, light, things in front of it."""

from __future__ import annotations

import cv2
import numpy as np

from .canvas import FACE
from .sources import Picture


def feather(shape: tuple, rng: np.random.Generator) -> np.ndarray:
    """Float32 [h, w], 1 inside, falling to 0 towards the edges of a rectangle or of an ellipse in it."""
    h, w = shape
    x = np.abs(np.linspace(-1, 1, w, dtype=np.float32))[None]
    y = np.abs(np.linspace(-1, 1, h, dtype=np.float32))[:, None]
    distance = np.maximum(x, y) if rng.random() < 0.5 else np.sqrt(x**2 + y**2)
    return ((1 - distance) / rng.uniform(0.03, 0.3)).clip(0, 1)


def head_mask(picture: Picture, rng: np.random.Generator) -> np.ndarray:
    """Float32 [h, w] about the surest face: its alpha, or a soft ellipse with more or less hair, neck and room."""
    h, w = picture.gray.shape
    if picture.alpha is not None:
        return picture.alpha.astype(np.float32) / 255
    box = picture.faces[picture.faces[:, 14] == FACE][0, :4]
    middle, half = (box[:2] + box[2:]) / 2, (box[2:] - box[:2]) / 2
    middle[1] -= half[1] * rng.uniform(0, 0.25)
    half = half * rng.uniform(1.15, 2.2, 2)
    power = rng.choice([2.0, 2.0, 4.0, 8.0])  # from an ellipse to nearly a rectangle
    x = np.abs((np.arange(w, dtype=np.float32) + 0.5 - middle[0]) / half[0])[None]
    y = np.abs((np.arange(h, dtype=np.float32) + 0.5 - middle[1]) / half[1])[:, None]
    distance = (x**power + y**power) ** (1 / power)
    mask = ((1.1 - distance) / rng.uniform(0.05, 0.35)).clip(0, 1)
    return mask * border_fade(h, w, max(1.0, rng.uniform(0, 0.08) * min(h, w)))


def border_fade(h: int, w: int, width: float) -> np.ndarray:
    """Float32 [h, w] that falls to 0 over the last `width` pixels of the picture."""
    y, x = np.arange(h, dtype=np.float32), np.arange(w, dtype=np.float32)
    distance = np.minimum(np.minimum(y, y[::-1])[:, None], np.minimum(x, x[::-1])[None])
    return ((distance + 0.5) / width).clip(0, 1)


def match_light(gray: np.ndarray, mask: np.ndarray, canvas, rng: np.random.Generator) -> np.ndarray:
    """Move the picture's brightness some way towards that of the scene."""
    inside = float((gray * mask).sum() / max(mask.sum(), 1))
    wanted = float(canvas.gray[::8, ::8].mean()) * rng.uniform(0.7, 1.4)
    gain = np.clip(wanted / max(inside, 8), 0.45, 1.8) ** rng.uniform(0.3, 1)
    return (gray * np.float32(gain)).clip(0, 255).astype(np.uint8)


def occlude(gray: np.ndarray, box: np.ndarray, other: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Lay a piece of another picture over at most a third of the face: from a side, from below, or a blob."""
    x0, y0, x1, y1 = np.round(box).astype(int)
    w, h = x1 - x0, y1 - y0
    shape = np.zeros(gray.shape, np.uint8)
    part = rng.uniform(0.1, 0.35)
    kind = rng.integers(4)
    if kind == 0:
        shape[int(y1 - part * h) :, :] = 1
    elif kind == 1:
        shape[:, : max(int(x0 + part * w), 0)] = 1
    elif kind == 2:
        shape[:, max(int(x1 - part * w), 0) :] = 1
    else:
        spot = (int(x0 + rng.uniform(0, 1) * w), int(y0 + rng.uniform(0, 1) * h))
        size = (max(1, int(w * part * 0.7)), max(1, int(h * part * 0.7)))
        cv2.ellipse(shape, spot, size, float(rng.uniform(0, 180)), 0, 360, 1, -1)
    cover = cv2.resize(other, gray.shape[::-1])
    return np.where(shape > 0, cover, gray)


def spectacles(gray: np.ndarray, face: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Rims about both eyes of `face` [15], a bridge, and sometimes the shine of the lenses."""
    out, (right, left) = gray.copy(), face[4:8].reshape(2, 2)
    apart = left - right
    reach = float(np.linalg.norm(apart))
    if reach < 4:
        return out
    angle = float(np.rad2deg(np.arctan2(apart[1], apart[0])))
    half = (max(1, int(reach * rng.uniform(0.33, 0.46))), max(1, int(reach * rng.uniform(0.22, 0.38))))
    thick, tone = max(1, int(reach * rng.uniform(0.03, 0.09))), int(rng.choice([rng.integers(0, 70), rng.integers(70, 220)], p=[0.8, 0.2]))
    drop = np.array([-apart[1], apart[0]]) * rng.uniform(-0.02, 0.12)
    for eye in (right + drop, left + drop):
        spot = tuple(int(v) for v in eye)
        if rng.random() < 0.2:
            shine = cv2.ellipse(out.copy(), spot, half, angle, 0, 360, int(rng.integers(120, 256)), -1, cv2.LINE_AA)
            out = cv2.addWeighted(out, 0.65, shine, 0.35, 0)
        cv2.ellipse(out, spot, half, angle, 0, 360, tone, thick, cv2.LINE_AA)
    ends = (right + drop + apart / reach * half[0], left + drop - apart / reach * half[0])
    return cv2.line(out, *(tuple(int(v) for v in end) for end in ends), tone, thick, cv2.LINE_AA)


def face_mask(gray: np.ndarray, face: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A mask over nose and mouth of `face` [15]: plain, folded or patterned, light or dark, with its bands."""
    out, five = gray.copy(), face[4:14].reshape(5, 2)
    eyes, mouth = five[:2].mean(0), five[3:].mean(0)
    down = mouth - eyes
    reach = float(np.linalg.norm(down))
    if reach < 5:
        return out
    middle = (five[2] + mouth) / 2
    across = np.array([down[1], -down[0]]) * (max(face[2] - face[0], reach) / reach)
    side = across / 2 * rng.uniform(0.7, 0.95)
    top = five[2] - down * rng.uniform(0.05, 0.35)
    chin = mouth + down * rng.uniform(0.45, 0.75)
    outline = [top, middle + side - down * 0.25, middle + side * 0.95 + down * 0.3, chin + side * 0.4, chin - side * 0.4,
               middle - side * 0.95 + down * 0.3, middle - side - down * 0.25]  # fmt: skip
    shape = np.zeros_like(gray)
    points = np.round(np.array(outline) + rng.normal(0, 0.03 * reach, (7, 2))).astype(np.int32)
    cv2.fillPoly(shape, [points], 255, cv2.LINE_AA)
    rows, columns = np.mgrid[: gray.shape[0], : gray.shape[1]].astype(np.float32)
    period = reach * rng.uniform(0.1, 0.4)
    folds = np.sin((rows * down[1] + columns * down[0]) / reach / period * 6) + np.sin(columns / period * 6) * (rng.random() < 0.2)
    soft = cv2.GaussianBlur(gray, (0, 0), max(1.0, reach / 5)).astype(np.float32)
    tone = rng.uniform(10, 245) * 0.75 + soft * 0.25 + folds * rng.choice([2, 6, 40], p=[0.5, 0.35, 0.15])
    weight = shape.astype(np.float32) / 255
    return (out * (1 - weight) + tone * weight).clip(0, 255).astype(np.uint8)


def dressed(picture: Picture, rng: np.random.Generator, first: bool = False) -> np.ndarray:
    """The picture's pixels, with spectacles or a mask on some of its faces (or on its first face alone)."""
    gray = picture.gray
    for face in picture.faces[:1] if first else picture.faces:
        if face[14] == FACE:
            gray = spectacles(gray, face, rng) if rng.random() < 0.12 else gray
            gray = face_mask(gray, face, rng) if rng.random() < 0.18 else gray
    return gray


def part_of_face(picture: Picture, rng: np.random.Generator) -> np.ndarray | None:
    """A piece of a face that nobody should call a face: one eye, the mouth, a cheek, the chin and neck."""
    face = picture.faces[picture.faces[:, 14] == FACE][0]
    extent = max(face[2] - face[0], face[3] - face[1])
    five = face[4:14].reshape(5, 2)
    middle = five[rng.integers(5)] + rng.normal(0, 0.12, 2) * extent
    half = extent * rng.uniform(0.08, 0.18, 2)
    x0, y0 = np.round(middle - half).astype(int).clip(0)
    x1, y1 = np.round(middle + half).astype(int)
    piece = picture.gray[y0:y1, x0:x1]
    return piece if min(piece.shape) >= 5 else None
