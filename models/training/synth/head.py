"""One random head, drawn in gray with its alpha matte and its exact labels."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from . import camera, expression, hair, light, maps, mesh, shading, skin
from .rasteriser import depth_map, rasterise, vertex_normals

SUPERSAMPLING = 2


@dataclass
class Person:
    """What stays the same from frame to frame."""

    shape: np.ndarray  # float32 [V * 3], the neutral face, cm
    hair: hair.Hair
    skin: skin.Skin
    look: np.ndarray  # float32, the slots of shading.LOOK
    gains: np.ndarray  # float32 [K]
    seed: int  # of the textures


@dataclass
class Shot:
    """Pose in degrees, camera, light, and where the face box lies in the picture (pixels)."""

    pose: np.ndarray  # yaw, pitch, roll
    distance: float
    light: light.Light
    face_width: float
    centre: tuple[float, float]
    gaze: tuple[float, float] = (0.0, 0.0)


def sample_person(rng, data: str = mesh.DEFAULT_DATA) -> Person:
    """Draw an identity with hair and skin."""
    face = mesh.load(data)
    spread = rng.uniform(0.6, 1.25)
    modes = np.clip(rng.normal(0, spread, 100), -2.6, 2.6).astype(np.float32)
    shape = face.vertices.ravel() + modes @ face.identity
    style = hair.sample(rng)
    painted = skin.sample(rng, min(style.albedo, 0.2) if style.kind not in ("hat", "scarf") else rng.uniform(0.01, 0.1))
    slots = {
        "tone": painted.tone, "hair": style.albedo, "streak": style.streak, "cloth": rng.uniform(0.02, 0.8),
        "shine": painted.shine, "iris": rng.uniform(0.02, 0.22), "iris_radius": rng.uniform(0.56, 0.68),
        "pupil_radius": rng.uniform(0.16, 0.34), "sclera": rng.uniform(0.5, 0.8), "teeth": rng.uniform(0.45, 0.85),
        "gums": rng.uniform(0.08, 0.2), "bump": 1.0, "cloth_line": rng.uniform(-13, -9.5), "bald": 0.0,
    }  # fmt: skip
    look = np.array([slots[name] for name in shading.LOOK], np.float32)
    return Person(shape, style, painted, look, expression.person_gains(rng), int(rng.integers(2**31)))


def sample_shot(rng, size: int, width: tuple[float, float] = (0.43, 0.66)) -> Shot:
    """Draw pose, camera and light for a picture of `size` pixels; `width`: face box width over picture size."""
    pose = camera.sample_pose(rng)
    face_width = rng.uniform(*width) * size
    centre = size * (0.5 + rng.uniform(-0.07, 0.07, 2))
    gaze = tuple(rng.normal(0, [0.35, 0.25]).clip(-1, 1))
    return Shot(pose, camera.sample_distance(rng), light.sample(rng), face_width, tuple(centre), gaze)


def render_head(rng, size: int = 192, data: str = mesh.DEFAULT_DATA, name: str | None = None,
                width: tuple[float, float] = (0.43, 0.66)):
    """Draw one random head.

    Returns gray uint8 [size, size], alpha uint8 [size, size] and the labels of `draw`.
    """  # fmt: skip
    person = sample_person(rng, data)
    shot = sample_shot(rng, size, width)
    mood = expression.sample(rng, name)
    weights = expression.blendshapes(mood, mesh.load(data).expression_index, person.gains, rng)
    linear, alpha, labels = draw(person, shot, mood.units, weights, size, data)
    labels.update(expression=mood.label, valence_arousal=mood.valence_arousal)
    return expose(linear, alpha, rng), alpha, labels


def expose(linear, alpha, rng):
    """Develop linear luma [H, W] to gray uint8: the camera picks an exposure from what it sees."""
    mean = linear[alpha > 128].mean() + 1e-4
    gain = (0.18 / mean) ** rng.uniform(0.35, 0.95) * np.exp(rng.normal(0.15, 0.3))
    toned = 1 - np.exp(-linear * gain * 1.15) if rng.random() < 0.6 else np.clip(linear * gain, 0, 1)
    return (255 * toned ** (1 / 2.2) + 0.5).clip(0, 255).astype(np.uint8)


def draw(person: Person, shot: Shot, units: np.ndarray, weights: np.ndarray, size, data: str = mesh.DEFAULT_DATA,
         texture: int = 256):
    """Draw `person` doing `units` [K, 2] by blendshape `weights` [53].

    `size` is the picture's side, or its (height, width). Returns linear luma float32 [H, W], alpha uint8
    [H, W] and labels: action_units, landmarks68, five, pose, box, visibility, scale.
    """  # fmt: skip
    height, width = (size, size) if np.isscalar(size) else size
    face, fixed = mesh.load(data), maps.load(data, texture)
    expression.look(weights, face.expression_index, *shot.gaze)
    vertices = deform(person.shape, weights, face)
    bare = vertices
    vertices, cover = hair.swell(person.hair, vertices, fixed.vertex_azimuth, face.vertices, face.ear)
    geometry = _assemble(person, vertices, cover, face, fixed)
    turn = camera.rotation(*shot.pose)
    plane, turned = camera.project(geometry["vertices"], turn, shot.distance)
    scale, offset = _fit(plane[face.box_vertices], shot)
    pixels = np.ascontiguousarray((plane * scale + offset) * SUPERSAMPLING, np.float32)
    buffers = rasterise(pixels, np.ascontiguousarray(turned[:, 2]), geometry["triangles"], len(face.triangles),
                        height * SUPERSAMPLING, width * SUPERSAMPLING)  # fmt: skip
    rng = np.random.default_rng(person.seed)
    textures = skin.paint(person.skin, person.hair, fixed, units, rng)
    linear = _shade(geometry, buffers, turned, textures, fixed, person, shot, turn, 1 / (scale * SUPERSAMPLING))
    solid = (buffers[0] >= 0).astype(np.float32)
    half = (width, height)
    linear = cv2.resize(linear, half, interpolation=cv2.INTER_AREA)
    alpha = cv2.resize(solid, half, interpolation=cv2.INTER_AREA)
    linear = linear / np.maximum(alpha, 1e-3)
    marks, marks_depth = _landmarks(bare, face, turn, shot, scale, offset)
    labels = {
        "action_units": _unit_labels(units, bare, face), "landmarks68": marks, "five": five_points(marks),
        "pose": np.asarray(shot.pose, np.float32), "box": _box(plane[face.box_vertices] * scale + offset),
        "visibility": _visibility(marks, marks_depth, buffers[2], SUPERSAMPLING), "scale": np.float32(shot.face_width),
    }  # fmt: skip
    return linear, (alpha * 255 + 0.5).astype(np.uint8), labels


def deform(shape, weights, face):
    """Vertices float32 [V, 3] of a neutral `shape` [V * 3] under blendshape `weights` [53]."""
    moved = shape.copy()
    for k in np.flatnonzero(np.abs(weights) > 1e-3):
        moved += weights[k] * face.expression[k]
    return moved.reshape(-1, 3)


def five_points(marks):
    """Eye centres, nose tip and mouth corners float32 [5, 2] of 68 landmarks, from left to right in the picture."""
    return np.stack([marks[36:42].mean(0), marks[42:48].mean(0), marks[30], marks[48], marks[54]]).astype(np.float32)


def _assemble(person, vertices, cover, face, fixed):
    """The mesh with its curtain of hair, if any, and the attributes that shading reads."""
    extra = np.stack([cover, fixed.mouth_depth, face.vertices[:, 1]], 1).astype(np.float32)
    parts = dict(vertices=vertices, triangles=face.triangles, material=face.material, uv=face.uv,
                 local=fixed.eye_local, extra=extra, sky=fixed.occlusion)  # fmt: skip
    if not person.hair.length:
        return parts
    strands, triangles, streaks = hair.curtain(person.hair, vertices, face)
    count = len(strands)
    parts["vertices"] = np.concatenate([vertices, strands])
    parts["triangles"] = np.concatenate([face.triangles, triangles + len(vertices)])
    parts["material"] = np.concatenate([face.material, hair.material_of_curtain(len(triangles))])
    parts["uv"] = np.concatenate([face.uv, streaks])
    parts["local"] = np.concatenate([fixed.eye_local, streaks])
    parts["extra"] = np.concatenate([extra, np.zeros((count, 3), np.float32)])
    parts["sky"] = np.concatenate([fixed.occlusion, np.full(count, 0.8, np.float32)])
    return parts


def _fit(plane, shot):
    """Scale (pixels per cm) and offset that give the face its width and place."""
    x, y = plane[:, 0].copy(), plane[:, 1].copy()
    low, high = np.array([x.min(), y.min()]), np.array([x.max(), y.max()])
    scale = shot.face_width / (high[0] - low[0])
    # A turned face is narrower: keep its height in bounds instead.
    scale = min(scale, 1.45 * shot.face_width / (high[1] - low[1]))
    return float(scale), (np.array(shot.centre) - (low + high) / 2 * scale).astype(np.float32)


def _box(points):
    x, y = points[:, 0].copy(), points[:, 1].copy()
    return np.array([x.min(), y.min(), x.max(), y.max()], np.float32)


def _shade(geometry, buffers, turned, textures, fixed, person, shot, turn, pixel):
    nearest, weights, depth = buffers
    triangles, material = geometry["triangles"], geometry["material"]
    normals = vertex_normals(np.ascontiguousarray(turned), triangles)
    lamp = shot.light
    lit = np.ones(len(turned), np.float32)
    if lamp.shadow > 0:
        lit = _lit(turned, triangles, lamp.directions[0])
    albedo, height = shading.materials(nearest, weights, triangles, material, geometry["uv"], geometry["local"],
                                       geometry["extra"], *textures, fixed.noise[1], person.look)  # fmt: skip
    return shading.shade(nearest, weights, triangles, material, normals, geometry["sky"], lit, albedo, height, depth,
                         lamp.directions, lamp.powers, lamp.sky, lamp.ground, lamp.shadow, person.look,
                         np.float32(pixel))  # fmt: skip


def _lit(turned, triangles, direction, size=128):
    """1 where the key lamp reaches a vertex, 0 in cast shadow; float32 [V]."""
    zbuffer, points, depth = depth_map(turned, triangles, direction, size)
    zbuffer = cv2.blur(zbuffer.clip(-60, 60), (3, 3))
    x, y = points.astype(np.int32).clip(0, size - 1).T
    return np.clip((depth - zbuffer[y, x] + 0.9) / 0.5, 0, 1)


def _landmarks(vertices, face, turn, shot, scale, offset):
    plane, turned = camera.project(vertices[face.landmarks], turn, shot.distance)
    return (plane * scale + offset).astype(np.float32), turned[:, 2]


def _visibility(marks, depth, zbuffer, factor):
    """1 for landmarks that nothing of the head hides, float32 [68]; outside the picture counts as hidden."""
    x, y = (marks * factor).astype(int).T
    inside = (x >= 0) & (y >= 0) & (x < zbuffer.shape[1]) & (y < zbuffer.shape[0])
    front = zbuffer[y.clip(0, zbuffer.shape[0] - 1), x.clip(0, zbuffer.shape[1] - 1)]
    return (inside & (depth > front - 0.7)).astype(np.float32)


def _unit_labels(units, vertices, face):
    """Unit intensities float32 [K]; parting of the lips (AU25) and jaw drop are read off the geometry."""
    labels = expression.unit_labels(units)
    inner = vertices[face.landmarks]
    labels[expression.INDEX["AU25"]] = np.clip((inner[62, 1] - inner[66, 1] - 0.1) / 1.0, 0, 1)
    return labels
