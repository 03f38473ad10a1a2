"""Z-buffer rasteriser, vertex normals and ambient occlusion; numba, one thread."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, fastmath=True)
def rasterise(points, depth, triangles, twosided_from, height, width):
    """Draw triangles into a buffer of nearest triangle and barycentric coordinates.

    `points` float32 [V, 2] in pixels (y down), `depth` float32 [V] (larger is nearer), `triangles` int32
    [T, 3]; those from index `twosided_from` on are seen from both sides, the others only from the front.
    Returns nearest triangle int32 [H, W] (-1: none), weights float32 [H, W, 2] of the triangle's second and
    third corner, and depth float32 [H, W].
    """
    nearest = np.full((height, width), -1, np.int32)
    weights = np.zeros((height, width, 2), np.float32)
    zbuffer = np.full((height, width), -1e9, np.float32)
    for t in range(len(triangles)):
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        ax, ay = points[a, 0], points[a, 1]
        ux, uy = points[b, 0] - ax, points[b, 1] - ay
        vx, vy = points[c, 0] - ax, points[c, 1] - ay
        area = ux * vy - uy * vx
        # y points down, so a front-facing triangle turns the other way.
        if area > -1e-9 and (t < twosided_from or area < 1e-9):
            continue
        left = max(int(np.ceil(ax + min(0.0, min(ux, vx)) - 0.5)), 0)
        right = min(int(np.floor(ax + max(0.0, max(ux, vx)) - 0.5)), width - 1)
        top = max(int(np.ceil(ay + min(0.0, min(uy, vy)) - 0.5)), 0)
        bottom = min(int(np.floor(ay + max(0.0, max(uy, vy)) - 0.5)), height - 1)
        if left > right or top > bottom:
            continue
        inverse = 1.0 / area
        za, zb, zc = depth[a], depth[b], depth[c]
        for y in range(top, bottom + 1):
            py = y + 0.5 - ay
            for x in range(left, right + 1):
                px = x + 0.5 - ax
                wb = (px * vy - py * vx) * inverse
                wc = (ux * py - uy * px) * inverse
                if wb < -1e-5 or wc < -1e-5 or wb + wc > 1.00001:
                    continue
                z = za + wb * (zb - za) + wc * (zc - za)
                if z > zbuffer[y, x]:
                    zbuffer[y, x] = z
                    nearest[y, x] = t
                    weights[y, x, 0] = wb
                    weights[y, x, 1] = wc
    return nearest, weights, zbuffer


@njit(cache=True, fastmath=True)
def vertex_normals(vertices, triangles):
    """Area-weighted unit normals float32 [V, 3] of `vertices` float32 [V, 3]."""
    normals = np.zeros_like(vertices)
    for t in range(len(triangles)):
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        x, y, z = vertices[a, 0], vertices[a, 1], vertices[a, 2]
        ux, uy, uz = vertices[b, 0] - x, vertices[b, 1] - y, vertices[b, 2] - z
        vx, vy, vz = vertices[c, 0] - x, vertices[c, 1] - y, vertices[c, 2] - z
        nx, ny, nz = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
        for corner in (a, b, c):
            normals[corner, 0] += nx
            normals[corner, 1] += ny
            normals[corner, 2] += nz
    for v in range(len(vertices)):
        length = np.sqrt(normals[v, 0] ** 2 + normals[v, 1] ** 2 + normals[v, 2] ** 2) + 1e-12
        for k in range(3):
            normals[v, k] /= length
    return normals


def _look_from(vertices, direction, size):
    """Vertices float32 [V, 3] as pixel x, pixel y and depth, seen from `direction` so that they fill `size`."""
    w = np.asarray(direction, np.float32)
    u = np.cross([0.0, 1.0, 0.0], w)
    u = (u / (np.linalg.norm(u) + 1e-6)).astype(np.float32)
    return _fit_view(vertices, np.stack([u, -np.cross(w, u), w]).astype(np.float32), size)


@njit(cache=True, fastmath=True)
def _fit_view(vertices, axes, size):
    points = np.empty((len(vertices), 2), np.float32)
    depth = np.empty(len(vertices), np.float32)
    low_x = low_y = np.float32(1e9)
    high_x = high_y = np.float32(-1e9)
    for v in range(len(vertices)):
        x, y, z = vertices[v, 0], vertices[v, 1], vertices[v, 2]
        px = x * axes[0, 0] + y * axes[0, 1] + z * axes[0, 2]
        py = x * axes[1, 0] + y * axes[1, 1] + z * axes[1, 2]
        depth[v] = x * axes[2, 0] + y * axes[2, 1] + z * axes[2, 2]
        points[v, 0], points[v, 1] = px, py
        low_x, high_x = min(low_x, px), max(high_x, px)
        low_y, high_y = min(low_y, py), max(high_y, py)
    scale = (size - 2) / max(high_x - low_x, high_y - low_y)
    for v in range(len(vertices)):
        points[v, 0] = (points[v, 0] - low_x) * scale + 1
        points[v, 1] = (points[v, 1] - low_y) * scale + 1
    return points, depth


def nearest_from(vertices, triangles, direction, size):
    """Nearest triangle int32 [size, size] (-1: none), orthographic, seen from `direction`."""
    points, depth = _look_from(vertices, direction, size)
    return rasterise(points, depth, triangles, len(triangles), size, size)[0]


def depth_map(vertices, triangles, direction, size):
    """Orthographic depth seen from `direction` (unit, towards the viewer).

    Returns depth float32 [size, size], the vertices' pixels float32 [V, 2] and depths float32 [V].
    """
    points, depth = _look_from(vertices, direction, size)
    return rasterise(points, depth, triangles, len(triangles), size, size)[2], points, depth


def ambient_occlusion(vertices, triangles, normals, directions=48, size=160):
    """Share of the sky that each vertex sees, float32 [V], cosine-weighted, from `directions` depth maps."""
    seen_sum = np.zeros(len(vertices), np.float32)
    total = np.zeros(len(vertices), np.float32)
    for k in range(directions):
        y = 1 - 2 * (k + 0.5) / directions
        angle = k * np.pi * (3 - np.sqrt(5))
        radius = np.sqrt(1 - y * y)
        direction = np.array([radius * np.cos(angle), y, radius * np.sin(angle)], np.float32)
        zbuffer, points, depth = depth_map(vertices, triangles, direction, size)
        cosine = np.maximum(normals @ direction, 0)
        x, y = points.astype(int).clip(0, size - 1).T
        seen_sum += cosine * (depth > zbuffer[y, x] - 0.25)
        total += cosine
    return seen_sum / np.maximum(total, 1e-3)
