"""A scene under composition: pixels, and what is known of every face in it."""

from __future__ import annotations

import cv2
import numpy as np

from .boxes import area, transform

FACE, IGNORE = 1, 2
COVERED, TOUCHED = 0.55, 0.2  # share of a face under a later paste: from here gone; from here doubtful


class Canvas:
    """`gray` uint8 [S, S] and `rows` float32 [F, 15]: box, landmarks, kind (FACE or IGNORE)."""

    def __init__(self, size: int, fill: int = 0):
        self.gray = np.full((size, size), fill, np.uint8)
        self.rows = np.zeros((0, 15), np.float32)

    def cover(self, gray: np.ndarray, faces: np.ndarray, matrix: np.ndarray) -> None:
        """Fill the whole scene with `gray` [h, w] moved by `matrix`, mirrored at its borders."""
        size = self.gray.shape[0]
        self.gray[:] = warp(gray, matrix, (0, 0, size, size), cv2.BORDER_REFLECT_101)
        self.rows = moved(faces, matrix)

    def paste(
        self, gray: np.ndarray, faces: np.ndarray, matrix: np.ndarray, mask: np.ndarray | None = None
    ) -> None:
        """Lay `gray` [h, w] down by the affine `matrix` [2, 3], through `mask` [h, w] (0 to 1) where given.

        `faces` [F, 15] belong to the picture, with FACE or IGNORE in the last column.
        """
        roi = footprint(gray.shape, matrix, self.gray.shape[0])
        if roi is None:
            return
        x0, y0, x1, y1 = roi
        cover = np.ones(gray.shape, np.float32) if mask is None else mask
        pixels = warp(gray, matrix, roi, cv2.BORDER_REPLICATE)
        cover = warp(cover, matrix, roi, cv2.BORDER_CONSTANT)
        view = self.gray[y0:y1, x0:x1]
        view[:] = view + cover * (pixels.astype(np.float32) - view) + 0.5
        self._relabel(faces, matrix, cover, roi)

    def window(self, gray: np.ndarray, faces: np.ndarray, matrix: np.ndarray, roi: tuple) -> None:
        """Fill the rectangle `roi` (x0, y0, x1, y1) with `gray` moved by `matrix`, its border repeated."""
        x0, y0, x1, y1 = roi
        self.gray[y0:y1, x0:x1] = warp(gray, matrix, roi, cv2.BORDER_REPLICATE)
        rows = moved(faces, matrix)
        whole = area(rows[:, :4])
        rows[:, :4] = rows[:, :4].clip([x0, y0, x0, y0], [x1, y1, x1, y1])
        seen = area(rows[:, :4]) / np.maximum(whole, 1e-6)
        rows[seen < 0.6, 14] = IGNORE
        self.rows = np.vstack([self.rows, rows[seen > 0.05]])

    def _relabel(self, faces: np.ndarray, matrix: np.ndarray, cover: np.ndarray, roi: tuple) -> None:
        """Faces under the paste go or become doubtful; the pasted ones join, as far as the mask lets them."""
        under = np.array([mean_inside(cover, r, roi) for r in self.rows])
        rows = self.rows
        if len(rows):
            rows[under > TOUCHED, 14] = IGNORE
            rows = rows[under <= COVERED]
        if len(faces):
            new = moved(faces, matrix)
            shown = np.array([mean_inside(cover, r, roi, outside=True) for r in new])
            new[shown < 0.7, 14] = IGNORE
            rows = np.vstack([rows, new[shown > 0.1]])
        self.rows = rows

    def room(self, box: np.ndarray) -> bool:
        """Whether a paste on `box` [4] would leave every known face alone."""
        low = np.maximum(self.rows[:, :2], box[:2])
        high = np.minimum(self.rows[:, 2:4], box[2:])
        return not (np.prod(np.maximum(high - low, 0), 1) > 0.05 * area(self.rows[:, :4])).any()

    def labels(self, smallest: float) -> np.ndarray:
        """Rows [F, 15] cut to the scene; what is too small, or mostly outside, is IGNORE."""
        rows, size = self.rows.copy(), self.gray.shape[0]
        whole = area(rows[:, :4])
        rows[:, :4] = rows[:, :4].clip(0, size)
        seen = area(rows[:, :4]) / np.maximum(whole, 1e-6)
        extent = np.maximum(rows[:, 2] - rows[:, 0], rows[:, 3] - rows[:, 1])
        rows[(seen < 0.6) | (extent < smallest), 14] = IGNORE
        return rows[(seen > 0.1) & (extent > 3)]


def moved(faces: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Rows [F, 15] mapped by an affine [2, 3]."""
    boxes, five = transform(matrix, faces[:, :4], faces[:, 4:14].reshape(-1, 5, 2))
    return np.hstack([boxes, five.reshape(-1, 10), faces[:, 14:15]]).astype(np.float32)


def footprint(shape: tuple, matrix: np.ndarray, size: int) -> tuple | None:
    """Whole pixels (x0, y0, x1, y1) of the scene that a picture [h, w] can reach; None if it misses."""
    h, w = shape
    corners = np.array([[0, 0], [w, 0], [0, h], [w, h]]) @ matrix[:, :2].T + matrix[:, 2]
    x0, y0 = np.floor(corners.min(0)).astype(int).clip(0, size)
    x1, y1 = np.ceil(corners.max(0)).astype(int).clip(0, size)
    return (x0, y0, x1, y1) if x1 > x0 and y1 > y0 else None


def warp(image: np.ndarray, matrix: np.ndarray, roi: tuple, border: int) -> np.ndarray:
    """The part `roi` of `image` moved by `matrix`; averaged first where it shrinks."""
    scale = np.sqrt(abs(np.linalg.det(matrix[:, :2])))
    if scale < 0.7:
        h, w = image.shape
        small = (max(2, round(w * scale)), max(2, round(h * scale)))
        image = cv2.resize(image, small, interpolation=cv2.INTER_AREA)
        matrix = matrix @ np.array([[w / small[0], 0, 0], [0, h / small[1], 0], [0, 0, 1]])
    local = matrix - np.array([[0, 0, roi[0]], [0, 0, roi[1]]])
    # OpenCV has pixel centres at whole numbers, we at halves.
    local[:, 2] += local[:, :2] @ [0.5, 0.5] - 0.5
    size = (roi[2] - roi[0], roi[3] - roi[1])
    return cv2.warpAffine(image, local, size, flags=cv2.INTER_LINEAR, borderMode=border)


def mean_inside(cover: np.ndarray, row: np.ndarray, roi: tuple, outside: bool = False) -> float:
    """Mean of `cover` over a row's box; beyond the roi it counts 0, or is left out where `outside`."""
    x0, y0, x1, y1 = np.round(row[:4] - np.array([roi[0], roi[1], roi[0], roi[1]])).astype(int)
    inside = cover[max(y0, 0) : max(y1, 0), max(x0, 0) : max(x1, 0)]
    if not inside.size:
        return 1.0 if outside else 0.0
    return float(inside.mean()) if outside else float(inside.sum()) / max((x1 - x0) * (y1 - y0), 1)
