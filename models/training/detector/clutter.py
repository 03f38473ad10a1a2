"""Drawn things that look a little like faces from afar: letters, windows, blobs, badges, wheels, clouds."""

from __future__ import annotations

import cv2
import numpy as np

LETTERS = "ABCDEGOQRS0368@&%aeogBO"
FONTS = (cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_COMPLEX, cv2.FONT_HERSHEY_TRIPLEX)


def clutter(gray: np.ndarray, rng: np.random.Generator) -> None:
    """Draw one to five things into `gray` uint8 [S, S], in place."""
    for _ in range(rng.integers(1, 6)):
        DRAWN[rng.integers(len(DRAWN))](gray, rng)


def spot(gray: np.ndarray, rng: np.random.Generator) -> tuple[int, int]:
    """Somewhere in the picture."""
    return tuple(int(v) for v in rng.integers(0, gray.shape[0], 2))


def letters(gray: np.ndarray, rng: np.random.Generator) -> None:
    """A word of round letters, 8 to 120 pixels high, often with an outline or two as on posters."""
    word = "".join(rng.choice(list(LETTERS), rng.integers(1, 9)))
    height = np.exp(rng.uniform(np.log(8), np.log(120)))
    thickness = max(1, int(height * rng.uniform(0.06, 0.22)))
    font, (x, y) = FONTS[rng.integers(len(FONTS))], spot(gray, rng)
    outlines = int(rng.choice([0, 1, 2], p=[0.5, 0.3, 0.2]))
    for k in range(outlines, -1, -1):
        width = thickness + int(k * max(2, height * 0.12))
        at = (x + k * int(rng.integers(-1, 2)), y + k * int(rng.integers(-1, 2)))
        cv2.putText(gray, word, at, font, height / 22, int(rng.integers(256)), width, cv2.LINE_AA)


def windows(gray: np.ndarray, rng: np.random.Generator) -> None:
    """A row of panes in a frame."""
    x, y = spot(gray, rng)
    w, h = (int(np.exp(rng.uniform(np.log(5), np.log(50)))) for _ in range(2))
    frame, pane = (int(v) for v in rng.integers(0, 256, 2))
    gap, columns, rows = max(1, w // 5), int(rng.integers(1, 5)), int(rng.integers(1, 4))
    cv2.rectangle(gray, (x - gap, y - gap), (x + columns * (w + gap), y + rows * (h + gap)), frame, -1)
    for i in range(columns):
        for j in range(rows):
            corner = (x + i * (w + gap), y + j * (h + gap))
            cv2.rectangle(gray, corner, (corner[0] + w - 1, corner[1] + h - 1), pane, -1)


def blob(gray: np.ndarray, rng: np.random.Generator) -> None:
    """A soft or sharp oval, full or hollow."""
    x, y = spot(gray, rng)
    a = int(np.exp(rng.uniform(np.log(5), np.log(60))))
    b = max(2, int(a * rng.uniform(0.6, 1)))
    r = int(1.6 * a) + 2
    x0, y0 = max(x - r, 0), max(y - r, 0)
    view = gray[y0 : y + r, x0 : x + r]
    layer = np.zeros(view.shape, np.uint8)
    width = -1 if rng.random() < 0.7 else max(1, a // 4)
    cv2.ellipse(layer, (x - x0, y - y0), (b, a), float(rng.uniform(0, 180)), 0, 360, 255, width, cv2.LINE_AA)
    soft = cv2.GaussianBlur(layer, (0, 0), float(rng.uniform(0.5, 0.3 * a + 0.6))).astype(np.float32) / 255
    view[:] = view + soft * rng.uniform(0.3, 1) * (float(rng.integers(256)) - view)


def badge(gray: np.ndarray, rng: np.random.Generator) -> None:
    """Nested discs, each half light and half dark by chance: buttons, lamps, caps of bottles."""
    x, y = spot(gray, rng)
    radius, tilt = np.exp(rng.uniform(np.log(6), np.log(70))), rng.uniform(0.75, 1)
    angle = float(rng.uniform(0, 360))
    for _ in range(rng.integers(2, 5)):
        axes = (max(1, int(radius * tilt)), max(1, int(radius)))
        cv2.ellipse(gray, (x, y), axes, 0, 0, 360, int(rng.integers(256)), -1, cv2.LINE_AA)
        if rng.random() < 0.4:
            cv2.ellipse(gray, (x, y), axes, angle, 0, 180, int(rng.integers(256)), -1, cv2.LINE_AA)
        radius *= rng.uniform(0.5, 0.85)


def wheel(gray: np.ndarray, rng: np.random.Generator) -> None:
    """A rim, spokes and a hub; or, with few and thick spokes, a flower or a fan."""
    x, y = spot(gray, rng)
    radius = np.exp(rng.uniform(np.log(8), np.log(70)))
    dark, light = (int(v) for v in rng.integers(0, 256, 2))
    cv2.circle(gray, (x, y), int(radius), dark, -1, cv2.LINE_AA)
    spokes, width = int(rng.integers(2, 12)), max(1, int(radius * rng.uniform(0.05, 0.3)))
    for a in rng.uniform(0, np.pi) + np.arange(spokes) * 2 * np.pi / spokes:
        tip = (int(x + 0.85 * radius * np.cos(a)), int(y + 0.85 * radius * np.sin(a)))
        cv2.line(gray, (x, y), tip, light, width, cv2.LINE_AA)
    cv2.circle(gray, (x, y), max(1, int(radius * rng.uniform(0.1, 0.35))), light, -1, cv2.LINE_AA)
    cv2.circle(gray, (x, y), int(radius), light, max(1, int(radius * rng.uniform(0.03, 0.2))), cv2.LINE_AA)


def clouds(size: int, rng: np.random.Generator) -> np.ndarray:
    """Noise of several scales, uint8 [size, size]: foliage, gravel, fur and fog have such blobs."""
    sheet = np.zeros((size, size), np.float32)
    fall = rng.uniform(0.3, 1.2)
    for cells in 2 ** np.arange(1, 7):
        noise = rng.standard_normal((cells + 1, cells + 1)).astype(np.float32)
        sheet += cells**-fall * cv2.resize(noise, (size, size), interpolation=cv2.INTER_CUBIC)
    sheet = rng.uniform(60, 190) + rng.uniform(15, 70) * sheet / sheet.std()
    return sheet.clip(0, 255).astype(np.uint8)


DRAWN = (letters, windows, blob, badge, wheel)
