"""The morphable face as the renderer needs it: only what can be seen, one array per attribute."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from .rasteriser import nearest_from

DEFAULT_DATA = os.environ.get("MIEN_DATA", str(Path(__file__).resolve().parents[4] / "shared" / "data"))
FACE, BACK, GUM, TOOTH, EYE, HAIR = range(6)
EYE_CENTRES = np.array([[3.1, 3.55, 8.0], [-3.1, 3.55, 8.0]], np.float32)


@dataclass(frozen=True)
class Mesh:
    """V vertices in cm (x right, y up, z towards the viewer), T triangles, counter-clockwise from outside."""

    vertices: np.ndarray  # float32 [V, 3], the mean face
    triangles: np.ndarray  # int32 [T, 3]
    material: np.ndarray  # uint8 [T], FACE to HAIR
    vertex_material: np.ndarray  # uint8 [V]
    uv: np.ndarray  # float32 [V, 2], the face's texture coordinates, v downwards, 0 to 1
    ear: np.ndarray  # bool [V]
    identity: np.ndarray  # float32 [100, V * 3]
    expression: np.ndarray  # float32 [53, V * 3]
    expression_index: dict[str, int]
    landmarks: np.ndarray  # int32 [68], vertex of each Multi-PIE landmark
    box_vertices: np.ndarray  # int32 [B], the vertices that a face box bounds


@lru_cache(maxsize=2)
def load(data: str) -> Mesh:
    """Read `ict_facekit_light.npz` under the folder `data` and keep what a viewer can see."""
    with np.load(Path(data) / "ict_facekit_light.npz") as archive:
        raw = dict(archive)
    vertices = raw["vertices"].astype(np.float32)
    triangles, material = _seen_triangles(raw, vertices)
    kept = _ever_seen(raw, vertices, triangles)
    triangles, material = triangles[kept], material[kept]
    kept = np.unique(triangles)
    renumber = np.full(len(vertices), -1, np.int32)
    renumber[kept] = np.arange(len(kept))
    vertex_material = np.zeros(len(vertices), np.uint8)
    for value in (BACK, GUM, TOOTH, EYE, FACE):
        vertex_material[triangles[material == value]] = value
    uv = _face_uv(raw, len(vertices))[kept]
    mean = vertices[kept]
    shade = vertex_material[kept]
    ear = (shade == FACE) & (np.abs(uv[:, 0] - 0.5) > 0.375) & (np.abs(uv[:, 1] - 0.44) < 0.13)
    inside = (shade == FACE) & (mean[:, 1] < 10.8) & (mean[:, 1] > -8.0) & (mean[:, 2] > 2.5) & ~ear
    names = [str(name) for name in raw["expression_names"]]
    return Mesh(
        vertices=mean,
        triangles=renumber[triangles],
        material=material,
        vertex_material=shade,
        uv=uv,
        ear=ear,
        identity=raw["identity_deltas"][:, kept].astype(np.float32).reshape(100, -1),
        expression=raw["expression_deltas"][:, kept].astype(np.float32).reshape(len(names), -1),
        expression_index={name: k for k, name in enumerate(names)},
        landmarks=renumber[raw["landmark68"]],
        box_vertices=np.flatnonzero(inside).astype(np.int32),
    )


def _seen_triangles(raw, vertices):
    """Drop transparent meshes, the bust below the neck, and the far side of teeth and eyes."""
    names = [str(name) for name in raw["materials"]]
    kind = {"M_Face": FACE, "M_BackHead": BACK, "M_GumsTongue": GUM, "M_Teeth": TOOTH,
            "M_ScleraLeft": EYE, "M_ScleraRight": EYE}  # fmt: skip
    lookup = np.array([kind.get(name, 255) for name in names], np.uint8)
    triangles, material = raw["triangles"], lookup[raw["triangle_material"]]
    centre = vertices[triangles].mean(1)
    keep = (material != 255) & (centre[:, 1] > -18.6)
    keep &= ~((material == EYE) & (centre[:, 2] < 7.6))
    keep &= ~((material == TOOTH) & (centre[:, 2] < 7.0))
    keep &= ~((material == GUM) & (centre[:, 2] < 5.0))
    return triangles[keep], material[keep]


# Faces whose sum of views shows every triangle that a viewer may meet.
VIEWED_SHAPES = (
    {},
    {"jawOpen": 1, "mouthLowerDown_": 0.8, "mouthUpperUp_": 0.8, "eyeWide_": 1.5, "eyeLookUp_": 1},
    {"jawOpen": 0.45, "mouthSmile_": 1, "mouthUpperUp_": 0.5, "eyeLookOut_": 1},
    {"jawOpen": 0.25, "mouthStretch_": 1.2, "mouthLowerDown_": 1.2, "mouthUpperUp_": 0.8, "eyeLookIn_": 1},
    {"jawOpen": 0.6, "mouthFunnel": 1, "eyeWide_": 1.5, "eyeLookDown_": 1},
)


def _ever_seen(raw, vertices, triangles, size=420):
    """bool [T]: what some view of the front shows of the mean face in VIEWED_SHAPES."""
    names = [str(name) for name in raw["expression_names"]]
    seen = np.zeros(len(triangles), bool)
    deltas = raw["expression_deltas"]
    for shapes in VIEWED_SHAPES:
        moved = vertices.copy()
        for k, name in enumerate(names):
            weight = shapes.get(name, shapes.get(name[:-1], 0))
            if weight:
                moved += np.float32(weight) * deltas[k].astype(np.float32)
        for yaw, pitch in ((0, 0), (30, 0), (-30, 0), (65, 0), (-65, 0), (0, 30), (0, -30), (40, 25), (-40, 25),
                           (40, -25), (-40, -25)):  # fmt: skip
            y, p = np.radians([yaw, pitch])
            towards = np.array([np.sin(y) * np.cos(p), np.sin(p), np.cos(y) * np.cos(p)], np.float32)
            seen[np.unique(nearest_from(moved, triangles, towards, size))[1:]] = True
    return seen


def _face_uv(raw, count):
    uv = np.zeros((count, 2), np.float32)
    for material in (1, 0):
        chosen = raw["triangle_material"] == material
        uv[raw["triangles"][chosen]] = raw["uvs"][raw["uv_triangles"][chosen]]
    uv[:, 1] = 1 - uv[:, 1]
    return uv
