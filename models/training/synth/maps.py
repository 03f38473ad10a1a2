"""Fixed maps of the face in texture space, made once per process: where lips, beard and wrinkles lie."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from scipy.ndimage import gaussian_filter

from . import mesh as mesh_module
from .rasteriser import ambient_occlusion, rasterise, vertex_normals

NOISE_SCALES = (0.8, 1.6, 4.0, 10.0, 28.0)
LAYERS = ("lips", "beard", "moustache", "eye_edge", "eye_lid", "eye_bag", "cheeks")
WRINKLES = ("nasolabial_L", "nasolabial_R", "forehead", "glabella", "nose_root", "crow_L", "crow_R", "under_eye",
            "marionette", "chin")  # fmt: skip


@dataclass(frozen=True)
class Maps:
    """All maps float32 [S, S] in the face's texture unless said; positions in cm on the mean face."""

    size: int
    position: np.ndarray  # [S, S, 3]
    inside: np.ndarray  # bool [S, S], texels that the face covers
    azimuth: np.ndarray  # angle about the head's axis, 0 in front, pi behind
    ear: np.ndarray  # bool
    layers: np.ndarray  # [S, S, 7], 0 to 1, as named by LAYERS
    wrinkles: np.ndarray  # [S, S, 10], heights as named by WRINKLES, negative in the fold
    noise: np.ndarray  # [5, S, S], unit variance, tileable
    brow_block: tuple  # slices that hold both brows
    occlusion: np.ndarray  # [V], share of the sky that each vertex sees
    vertex_azimuth: np.ndarray  # [V]
    local: np.ndarray  # [V, 2], eyeballs: cm from the pupil; scalp: where on the strands' noise
    mouth_depth: np.ndarray  # [V], 1 at the front teeth, 0 in the throat
    brow: np.ndarray  # [5, 2], x outwards and y of landmarks 17-21


@lru_cache(maxsize=4)
def load(data: str, size: int = 256) -> Maps:
    """Make the maps of the mesh under `data` at `size` texels."""
    mesh = mesh_module.load(data)
    position, inside = _positions(mesh, size)
    landmarks = mesh.uv[mesh.landmarks] * size
    x, y, z = position[..., 0], position[..., 1], position[..., 2]
    columns, rows = np.meshgrid((np.arange(size) + 0.5) / size, (np.arange(size) + 0.5) / size)
    ear = (abs(columns - 0.5) > 0.375) & (abs(rows - 0.44) < 0.13)
    face = mesh.vertices[mesh.landmarks]
    normals = vertex_normals(mesh.vertices, mesh.triangles)
    block = (abs(x) < 7.2) & (y > 3.5) & (y < 8.2) & (z > 4) & inside
    spots = np.argwhere(block)
    (top, left), (bottom, right) = spots.min(0), spots.max(0) + 1
    beard, moustache = _beard(landmarks, size)
    layers = {
        "lips": _lips(landmarks, size), "beard": beard, "moustache": moustache, "eye_edge": _eye_edge(position, face),
        "eye_lid": _spot(x, y, 3.6, 4.3, 1.9, 0.8) * (z > 5), "eye_bag": _spot(x, y, 3.0, 2.2, 1.3, 0.7) * (z > 6),
        "cheeks": _spot(x, y, 4.6, -0.4, 1.7, 1.5) * (z > 3),
    }  # fmt: skip
    return Maps(
        size=size, position=position, inside=inside, azimuth=np.arctan2(abs(x), z - 1), ear=ear,
        layers=np.stack([layers[name] for name in LAYERS], -1).astype(np.float32),
        wrinkles=np.ascontiguousarray(_wrinkles(landmarks, position, size).transpose(1, 2, 0)),
        noise=_noise(size), brow_block=(slice(top, bottom), slice(left, right)),
        occlusion=_occlusion(mesh, normals),
        vertex_azimuth=np.arctan2(abs(mesh.vertices[:, 0]), mesh.vertices[:, 2] - 1).astype(np.float32),
        local=_local(mesh), mouth_depth=((mesh.vertices[:, 2] - 6.5) / 3.4).clip(0, 1),
        brow=np.stack([-face[21:16:-1, 0], face[21:16:-1, 1]], 1),
    )  # fmt: skip


def _occlusion(mesh, normals):
    """Sky seen on the neutral face; teeth and tongue, shut in there, get what an open mouth lets in."""
    seen = ambient_occlusion(mesh.vertices, mesh.triangles, normals).astype(np.float32)
    inner = (mesh.vertex_material == mesh_module.TOOTH) | (mesh.vertex_material == mesh_module.GUM)
    seen[inner] = 0.65
    return seen


def _positions(mesh, size):
    """Mean-face position of every texel: the mesh drawn into its own texture."""
    faces = mesh.triangles[mesh.material == mesh_module.FACE]
    points = np.ascontiguousarray(mesh.uv * size)
    nearest, weights, _ = rasterise(points, np.zeros(len(points), np.float32), faces, 0, size, size)
    corners = mesh.vertices[faces[nearest]]
    b, c = weights[..., 0, None], weights[..., 1, None]
    position = corners[..., 0, :] * (1 - b - c) + corners[..., 1, :] * b + corners[..., 2, :] * c
    inside = nearest >= 0
    return np.where(inside[..., None], position, np.array([0, -30, 0])).astype(np.float32), inside


def _spot(x, y, centre_x, centre_y, spread_x, spread_y):
    square = ((abs(x) - centre_x) / spread_x) ** 2 + ((y - centre_y) / spread_y) ** 2
    return np.exp(-square).astype(np.float32)


def _polygon(points, size, blur):
    canvas = np.zeros((size, size), np.uint8)
    cv2.fillPoly(canvas, [np.round(np.asarray(points) * 16).astype(np.int32)], 255, cv2.LINE_AA, shift=4)
    return gaussian_filter(canvas.astype(np.float32) / 255, blur * size / 256)


def _lips(landmarks, size):
    return _polygon(landmarks[48:60], size, 0.9)


def _beard(landmarks, size):
    """Jaw and chin, and moustache, as [S, S] masks; the lips stay free."""
    jaw = landmarks[1:16].copy()
    jaw[2:-2, 1] += 0.10 * size
    cheek_right = 0.55 * landmarks[14] + 0.45 * landmarks[54] - [0, 0.03 * size]
    cheek_left = 0.55 * landmarks[2] + 0.45 * landmarks[48] - [0, 0.03 * size]
    around = [landmarks[54] + [0.02 * size, -0.02 * size], landmarks[57] + [0, 0.01 * size],
              landmarks[48] + [-0.02 * size, -0.02 * size]]  # fmt: skip
    beard = _polygon([*jaw, cheek_right, *around, cheek_left], size, 4)
    upper = [landmarks[31] + [-0.01 * size, 0.015 * size], landmarks[33] + [0, 0.01 * size],
             landmarks[35] + [0.01 * size, 0.015 * size]]  # fmt: skip
    corners = [landmarks[54] + [0.03 * size, 0.02 * size], landmarks[48] + [-0.03 * size, 0.02 * size]]
    moustache = _polygon([*upper, corners[0], *landmarks[54:47:-1], corners[1]], size, 2)
    free = 1 - _lips(landmarks, size)
    return beard * free, moustache * free


def _eye_edge(position, face):
    """1 at the rim of the lids, falling within a millimetre or two."""
    edge = np.zeros(position.shape[:2], np.float32)
    near = (abs(position[..., 0]) < 5.6) & (abs(position[..., 1] - 3.5) < 1.6) & (position[..., 2] > 6)
    texels = position[near][:, :2]
    best = np.full(len(texels), 1e9)
    for first in (36, 42):
        ring = face[first : first + 6, :2]
        for a, b in zip(ring, np.roll(ring, -1, 0)):
            t = (((texels - a) @ (b - a)) / ((b - a) @ (b - a))).clip(0, 1)
            best = np.minimum(best, np.linalg.norm(texels - a - t[:, None] * (b - a), axis=1))
    edge[near] = np.exp(-((best / 0.26) ** 2))
    return edge


def _fold(lines, size, width):
    """Height of folds along `lines`: a groove with a raised shoulder, -1 at its bottom."""
    canvas = np.zeros((size, size), np.float32)
    for line in lines:
        drawn = np.zeros((size, size), np.uint8)
        points = np.round(np.asarray(line, float) * 16).astype(np.int32)
        cv2.polylines(drawn, [points], False, 255, 1, cv2.LINE_AA, shift=4)
        canvas = np.maximum(canvas, drawn / np.float32(255))
    scale = width * size / 256
    groove, shoulder = gaussian_filter(canvas, scale), gaussian_filter(canvas, scale * 2.4)
    peak = groove.max() + 1e-6
    return (shoulder * 0.9 - groove) / peak


def _wrinkles(lm, position, size):
    unit = size / 256

    def at(index, dx, dy):
        return lm[index] + np.array([dx, dy]) * unit

    def nasolabial(alar, corner, side):
        return [[at(alar, side * 3, -6), at(alar, side * 9, 1), 0.5 * (lm[alar] + lm[corner]) + [side * 15 * unit, 0],
                 at(corner, side * 15, -3), at(corner, side * 16, 3)]]  # fmt: skip

    brow = 0.5 * (lm[19] + lm[24])
    forehead = [[(x * size, brow[1] + (dy + 3 * np.cos((x - 0.5) * 14)) * unit) for x in np.linspace(0.3, 0.7, 12)]
                for dy in (-16, -25, -34)]  # fmt: skip
    glabella = [[at(21, 5, -13), at(21, 8, -4), at(21, 8, 6)], [at(22, -5, -13), at(22, -8, -4), at(22, -8, 6)]]
    root = [[at(27, -9, d), at(27, 0, d + 1), at(27, 9, d)] for d in (-4, 2)]
    crow = [[[at(k, s * 7, 0), at(k, s * 20, d)] for d in (-9, 0, 9)] for k, s in ((36, -1), (45, 1))]
    bags = [[at(k, s * 2, 6), at(41 if k == 36 else 46, 0, 10), at(39 if k == 36 else 42, 0, 6)]
            for k, s in ((36, -1), (45, 1))]  # fmt: skip
    marionette = [[at(48, -4, 3), at(48, -6, 16)], [at(54, 4, 3), at(54, 6, 16)]]
    chin = gaussian_filter(np.random.default_rng(5).normal(size=(size, size)), 2.2 * unit)
    chin *= _spot(position[..., 0], position[..., 1], 0, -6.3, 1.5, 0.9) / abs(chin).max()
    folds = [_fold(nasolabial(31, 48, -1), size, 1.6), _fold(nasolabial(35, 54, 1), size, 1.6),
             _fold(forehead, size, 1.3), _fold(glabella, size, 1.2), _fold(root, size, 1.2), _fold(crow[0], size, 1.0),
             _fold(crow[1], size, 1.0), _fold(bags, size, 1.3), _fold(marionette, size, 1.5), chin]  # fmt: skip
    return np.stack(folds).astype(np.float32)


def _noise(size):
    rng = np.random.default_rng(7)
    tiles = []
    for scale in NOISE_SCALES:
        tile = gaussian_filter(rng.normal(size=(size, size)), scale * size / 256, mode="wrap")
        tiles.append((tile - tile.mean()) / tile.std())
    return np.stack(tiles).astype(np.float32)


def _local(mesh):
    x, y, z = mesh.vertices.T
    local = np.stack([np.arctan2(x, z - 1) / (2 * np.pi), y / 50], 1).astype(np.float32)
    for side in (-1, 1):
        chosen = (mesh.vertex_material == mesh_module.EYE) & (mesh.vertices[:, 0] * side > 0)
        front = mesh.vertices[chosen]
        local[chosen] = front[:, :2] - front[front[:, 2].argmax(), :2]
    return local
