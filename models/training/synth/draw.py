"""Draw one person in one pose with one expression: linear luma, alpha matte, exact labels."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from . import camera, expression, eyes, hair, maps, mesh, shading, skin
from .person import Person, Shot
from .rasteriser import depth_map, rasterise, vertex_normals

SUPERSAMPLING = 2


def draw(person: Person, shot: Shot, units: np.ndarray, weights: np.ndarray, size, data: str = mesh.DEFAULT_DATA,
         texture: int = 256):
    """Draw `person` doing `units` [K, 2] by blendshape `weights` [53].

    `size` is the picture's side, or its (height, width). Returns linear luma float32 [H, W], alpha uint8
    [H, W] and labels: action_units, landmarks68, five, pose, box, visibility, scale.
    """  # fmt: skip
    height, width = (size, size) if np.isscalar(size) else size
    traced = trace(person, shot, weights, height, width, data)
    fixed = maps.load(data, texture)
    textures = skin.paint(person.skin, person.hair, fixed, units, np.random.default_rng(person.seed))
    half = (width, height)
    linear = cv2.resize(shade(traced, textures, fixed, person, shot), half, interpolation=cv2.INTER_AREA)
    alpha = cv2.resize((traced.nearest >= 0).astype(np.float32), half, interpolation=cv2.INTER_AREA)
    linear = linear / np.maximum(alpha, 1e-3)
    return linear, (alpha * 255 + 0.5).astype(np.uint8), label(traced, shot, units)


@dataclass
class Traced:
    """A head in front of the camera: its geometry, and what every (supersampled) pixel hits."""

    mesh: mesh.Mesh
    bare: np.ndarray  # float32 [V, 3], the face without the swell of its hair
    parts: dict  # vertices, triangles, material, uv, local, extra, sky: mesh and curtain of hair
    turned: np.ndarray  # float32 [V', 3], camera space
    plane: np.ndarray  # float32 [V', 2]
    turn: np.ndarray
    scale: float  # pixels per cm
    offset: np.ndarray
    nearest: np.ndarray
    weights: np.ndarray
    depth: np.ndarray


def trace(person, shot, weights, height, width, data) -> Traced:
    """Pose the face and find what each pixel sees."""
    face, fixed = mesh.load(data), maps.load(data)
    eyes.look(weights, face.expression_index, *shot.gaze)
    eyes.rest_lids(weights, face.expression_index, person.lids)
    bare = deform(person.shape, weights, face)
    vertices, cover = hair.swell(person.hair, bare, fixed.vertex_azimuth, face.vertices, face.ear)
    parts = _assemble(person, vertices, cover, face, fixed)
    turn = camera.rotation(*shot.pose)
    plane, turned = camera.project(parts["vertices"], turn, shot.distance)
    scale, offset = _fit(plane[face.box_vertices], shot)
    pixels = np.ascontiguousarray((plane * scale + offset) * SUPERSAMPLING, np.float32)
    hit = rasterise(pixels, np.ascontiguousarray(turned[:, 2]), parts["triangles"], len(face.triangles),
                    height * SUPERSAMPLING, width * SUPERSAMPLING)  # fmt: skip
    return Traced(face, bare, parts, turned, plane, turn, scale, offset, *hit)


def label(traced, shot, units):
    """What is known of the picture: action_units, landmarks68, five, pose, box, visibility, scale."""
    plane, turned = camera.project(traced.bare[traced.mesh.landmarks], traced.turn, shot.distance)
    marks = (plane * traced.scale + traced.offset).astype(np.float32)
    return {
        "action_units": _unit_labels(units, traced.bare, traced.mesh), "landmarks68": marks,
        "five": five_points(marks), "pose": np.asarray(shot.pose, np.float32),
        "box": _box(traced.plane[traced.mesh.box_vertices] * traced.scale + traced.offset),
        "visibility": _visibility(marks, turned[:, 2], traced.depth, SUPERSAMPLING),
        "scale": np.float32(shot.face_width),
    }  # fmt: skip


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
                 local=fixed.local, extra=extra, sky=fixed.occlusion)  # fmt: skip
    if not person.hair.length:
        return parts
    strands, triangles, streaks = hair.curtain(person.hair, vertices, face)
    count = len(strands)
    parts["vertices"] = np.concatenate([vertices, strands])
    parts["triangles"] = np.concatenate([face.triangles, triangles + len(vertices)])
    parts["material"] = np.concatenate([face.material, np.full(len(triangles), mesh.HAIR, np.uint8)])
    parts["uv"] = np.concatenate([face.uv, streaks])
    parts["local"] = np.concatenate([fixed.local, streaks])
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


def shade(traced, textures, fixed, person, shot):
    """Linear luma float32 of the supersampled pixels, from albedo and height `textures`."""
    parts, lamp = traced.parts, shot.light
    triangles, material = parts["triangles"], parts["material"]
    normals = vertex_normals(traced.turned, triangles)
    lit = np.ones(len(traced.turned), np.float32)
    if lamp.shadow > 0:
        lit = _lit(traced.turned, triangles, lamp.directions[0])
    albedo, height = shading.materials(traced.nearest, traced.weights, triangles, material, parts["uv"], parts["local"],
                                       parts["extra"], *textures, fixed.noise[1], person.look)  # fmt: skip
    pixel = np.float32(1 / (traced.scale * SUPERSAMPLING))
    return shading.shade(traced.nearest, traced.weights, triangles, material, normals, parts["sky"], lit, albedo,
                         height, traced.depth, lamp.directions, lamp.powers, lamp.sky, lamp.ground, lamp.shadow,
                         person.look, pixel)  # fmt: skip


def _lit(turned, triangles, direction, size=128):
    """1 where the key lamp reaches a vertex, 0 in cast shadow; float32 [V]."""
    zbuffer, points, depth = depth_map(turned, triangles, direction, size)
    zbuffer = cv2.blur(zbuffer.clip(-60, 60), (3, 3))
    x, y = points.astype(np.int32).clip(0, size - 1).T
    return np.clip((depth - zbuffer[y, x] + 0.9) / 0.5, 0, 1)


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
