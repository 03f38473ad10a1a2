"""Drawn things that look a little like faces from afar: letters, windows, blobs, rings."""

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
    """A word of round letters, 8 to 120 pixels high."""
    word = "".join(rng.choice(list(LETTERS), rng.integers(1, 9)))
    height = np.exp(rng.uniform(np.log(8), np.log(120)))
    thickness = max(1, int(height * rng.uniform(0.06, 0.2)))
    font = FONTS[rng.integers(len(FONTS))]
    cv2.putText(gray, word, spot(gray, rng), font, height / 22, int(rng.integers(256)), thickness, cv2.LINE_AA)


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


DRAWN = (letters, windows, blob)
