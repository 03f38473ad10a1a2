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


def depth_map(vertices, triangles, direction, size):
    """Orthographic depth seen from `direction` (unit, towards the viewer).

    Returns depth float32 [size, size] and the projected vertices float32 [V, 3] (pixel x, pixel y, depth).
    """
    w = np.asarray(direction, np.float32)
    u = np.cross([0.0, 1.0, 0.0], w)
    u = (u / (np.linalg.norm(u) + 1e-6)).astype(np.float32)
    v = np.cross(w, u)
    seen = vertices @ np.stack([u, -v, w], 1).astype(np.float32)
    low, high = seen[:, :2].min(0), seen[:, :2].max(0)
    scale = (size - 2) / (high - low).max()
    seen[:, :2] = (seen[:, :2] - low) * scale + 1
    zbuffer = rasterise(np.ascontiguousarray(seen[:, :2]), np.ascontiguousarray(seen[:, 2]), triangles,
                        len(triangles), size, size)[2]  # fmt: skip
    return zbuffer, seen


def ambient_occlusion(vertices, triangles, normals, directions=64, size=160):
    """Share of the sky that each vertex sees, float32 [V], cosine-weighted, from `directions` depth maps."""
    seen_sum = np.zeros(len(vertices), np.float32)
    total = np.zeros(len(vertices), np.float32)
    for k in range(directions):
        y = 1 - 2 * (k + 0.5) / directions
        angle = k * np.pi * (3 - np.sqrt(5))
        radius = np.sqrt(1 - y * y)
        direction = np.array([radius * np.cos(angle), y, radius * np.sin(angle)], np.float32)
        zbuffer, seen = depth_map(vertices, triangles, direction, size)
        cosine = np.maximum(normals @ direction, 0)
        x, y = seen[:, 0].astype(int).clip(0, size - 1), seen[:, 1].astype(int).clip(0, size - 1)
        seen_sum += cosine * (seen[:, 2] > zbuffer[y, x] - 0.25)
        total += cosine
    return seen_sum / np.maximum(total, 1e-3)
