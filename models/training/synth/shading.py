"""Deferred shading: what the rasteriser hit becomes linear luma; numba, one thread."""

from __future__ import annotations

import numpy as np
from numba import njit

from .mesh import BACK, EYE, FACE, GUM, HAIR, TOOTH

# Slots of the `look` vector.
LOOK = ("tone", "hair", "streak", "cloth", "shine", "iris", "iris_radius", "pupil_radius", "sclera", "teeth", "gums",
        "bump", "cloth_line")  # fmt: skip


@njit(cache=True, fastmath=True)
def _texture(tile, u, v):
    """Bilinear look-up of `tile` [S, S], S a power of two, at `u`, `v` (0 to 1, repeating)."""
    size = tile.shape[0]
    x, y = u * size - 0.5, v * size - 0.5
    x0, y0 = int(np.floor(x)), int(np.floor(y))
    fx, fy = x - x0, y - y0
    wrap = size - 1
    x0, y0 = x0 & wrap, y0 & wrap
    x1, y1 = (x0 + 1) & wrap, (y0 + 1) & wrap
    top = tile[y0, x0] * (1 - fx) + tile[y0, x1] * fx
    return top * (1 - fy) + (tile[y1, x0] * (1 - fx) + tile[y1, x1] * fx) * fy


@njit(cache=True, fastmath=True)
def _eye(x, y, look):
    """Albedo of the eyeball at `x`, `y` cm from the pupil."""
    radius = np.sqrt(x * x + y * y)
    if radius < look[7]:
        return 0.008
    if radius < look[6]:
        edge = radius / look[6]
        return look[5] * (1.15 - 0.75 * edge**5)
    edge = min((radius - look[6]) / 0.9, 1.0)
    start = min((radius - look[6]) / 0.07, 1.0)
    return look[8] * (1 - 0.3 * edge * edge) * (0.25 + 0.75 * start)


@njit(cache=True, fastmath=True)
def _strand(noise, p, q):
    """Two octaves of noise stretched along the hair."""
    return 0.5 * _texture(noise, p * 1.5, q) + 0.5 * _texture(noise, p * 0.5 + 0.3, q * 0.6)


@njit(cache=True, fastmath=True, inline="always")
def _mix(values, k, a, b, c, wa, wb, wc):
    """Column `k` of `values` [V, n] at a point with weights `wa`, `wb`, `wc` in triangle `a`, `b`, `c`."""
    return wa * values[a, k] + wb * values[b, k] + wc * values[c, k]


@njit(cache=True, fastmath=True)
def materials(nearest, weights, triangles, material, uv, local, extra, albedo_map, height_map, noise, look):
    """Albedo and height (cm) per pixel, float32 [H, W] each.

    `uv` [V, 2]; `local` [V, 2] (eyes: cm from the pupil; hair: streak coordinates); `extra` [V, 3]: hair
    cover, depth in the mouth (1 in front), mean height in cm.
    """
    rows, columns = nearest.shape
    albedo = np.zeros((rows, columns), np.float32)
    height = np.zeros((rows, columns), np.float32)
    for y in range(rows):
        for x in range(columns):
            t = nearest[y, x]
            if t < 0:
                continue
            a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
            wb, wc = weights[y, x, 0], weights[y, x, 1]
            wa = 1 - wb - wc
            kind = material[t]
            p, q = _mix(local, 0, a, b, c, wa, wb, wc), _mix(local, 1, a, b, c, wa, wb, wc)
            if kind == FACE:
                u, v = _mix(uv, 0, a, b, c, wa, wb, wc), _mix(uv, 1, a, b, c, wa, wb, wc)
                clothed = _mix(extra, 2, a, b, c, wa, wb, wc) < look[12]
                albedo[y, x] = look[3] if clothed else _texture(albedo_map, u, v)
                height[y, x] = _texture(height_map, u, v)
            elif kind == EYE:
                albedo[y, x] = _eye(p, q, look)
            elif kind == HAIR:
                strand = _strand(noise, p, q)
                albedo[y, x] = look[1] * min(max(1 + look[2] * 0.7 * strand, 0.15), 2.5)
                height[y, x] = 0.03 * look[2] * strand
            elif kind == BACK:
                cover = _mix(extra, 0, a, b, c, wa, wb, wc)
                bare = look[3] if _mix(extra, 2, a, b, c, wa, wb, wc) < look[12] else look[0]
                strand = look[2] * 0.7 * _strand(noise, 2 * p, q) if cover > 0 else 0.0
                albedo[y, x] = bare * (1 - cover) + look[1] * cover * min(max(1 + strand, 0.15), 2.5)
            else:
                front = _mix(extra, 1, a, b, c, wa, wb, wc)
                albedo[y, x] = (look[9] if kind == TOOTH else look[10]) * (0.12 + 0.88 * front)
    return albedo, height


@njit(cache=True, fastmath=True)
def _slope(nearest, height, y, x, pixel):
    """Screen-space gradient of `height` at a pixel, at most 0.7, as (right, up); 0 at silhouettes."""
    rows, columns = nearest.shape
    if not (0 < x < columns - 1 and 0 < y < rows - 1):
        return 0.0, 0.0
    if min(nearest[y, x - 1], nearest[y, x + 1], nearest[y - 1, x], nearest[y + 1, x]) < 0:
        return 0.0, 0.0
    right = (height[y, x + 1] - height[y, x - 1]) / (2 * pixel)
    up = (height[y - 1, x] - height[y + 1, x]) / (2 * pixel)
    return min(max(right, -0.7), 0.7), min(max(up, -0.7), 0.7)


@njit(cache=True, fastmath=True)
def _gloss(kind, half, power, shine, albedo):
    """Highlight of one lamp; `half` is the cosine between the normal and the half vector."""
    if half <= 0:
        return 0.0
    if kind == EYE:
        return 1.6 * power * half**90
    if kind == TOOTH:
        return 0.12 * power * half**20
    if kind == GUM:
        return 0.03 * power * half**30
    if kind == FACE or kind == HAIR:
        return shine * 0.35 * power * half**14 * min(1.0, albedo * 6)
    return 0.0


@njit(cache=True, fastmath=True)
def _lamps(nx, ny, nz, seen, lit, kind, albedo, shine, directions, powers):
    """Diffuse light and highlights of all lamps; the first is the key lamp, dimmed to `lit` by cast shadow."""
    diffuse = gloss = 0.0
    wrap = 0.0 if kind == EYE else 0.18
    for k in range(len(powers)):
        power = powers[k] * lit if k == 0 else powers[k]
        if power <= 0:
            continue
        lx, ly, lz = directions[k, 0], directions[k, 1], directions[k, 2]
        cosine = nx * lx + ny * ly + nz * lz
        diffuse += power * max(0.0, (cosine + wrap) / (1 + wrap)) * (0.45 + 0.55 * seen)
        half = (cosine + nz) / np.sqrt(lx * lx + ly * ly + (lz + 1) * (lz + 1) + 1e-9)
        gloss += _gloss(kind, half, power, shine, albedo)
    return diffuse, gloss


@njit(cache=True, fastmath=True)
def shade(nearest, weights, triangles, material, normals, sky_seen, lit, albedo, height, depth, directions, powers,
          sky, ground, shadow, look, pixel):
    """Linear luma float32 [H, W]; `pixel` is the size of a pixel in cm.

    `normals` [V, 3] in camera space (y up); `sky_seen` [V]; `lit` [V], 0 where the key lamp is hidden.
    Bumps perturb the normal by the height's screen-space gradient (Mikkelsen, 2010).
    """
    rows, columns = nearest.shape
    out = np.zeros((rows, columns), np.float32)
    lid = max(1, int(0.3 / pixel))
    for y in range(rows):
        for x in range(columns):
            t = nearest[y, x]
            if t < 0:
                continue
            a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
            wb, wc = weights[y, x, 0], weights[y, x, 1]
            wa = 1 - wb - wc
            kind = material[t]
            nx, ny, nz = (_mix(normals, 0, a, b, c, wa, wb, wc), _mix(normals, 1, a, b, c, wa, wb, wc),
                          _mix(normals, 2, a, b, c, wa, wb, wc))
            if kind == HAIR and nz < 0:
                nx, ny, nz = -nx, -ny, -nz
            if kind == FACE or kind == HAIR:
                right, up = _slope(nearest, height, y, x, pixel)
                nx, ny = nx - look[11] * right, ny - look[11] * up
            length = 1 / np.sqrt(nx * nx + ny * ny + nz * nz + 1e-9)
            nx, ny, nz = nx * length, ny * length, nz * length
            seen = wa * sky_seen[a] + wb * sky_seen[b] + wc * sky_seen[c]
            if kind == EYE:
                seen = max(seen, 0.55)
            bright = 1 - shadow * (1 - (wa * lit[a] + wb * lit[b] + wc * lit[c]))
            diffuse, gloss = _lamps(nx, ny, nz, seen, bright, kind, albedo[y, x], look[4], directions, powers)
            diffuse += (sky * (0.5 + 0.5 * ny) + ground * (0.5 - 0.5 * ny)) * seen
            value = albedo[y, x] * diffuse + gloss * (0.3 + 0.7 * seen)
            if kind == EYE or kind == TOOTH or kind == GUM:
                # Lids and lips shade what lies just below and behind them.
                above = max(0, y - lid)
                if nearest[above, x] >= 0 and material[nearest[above, x]] != kind and depth[above, x] > depth[y, x]:
                    value *= 0.4
            out[y, x] = value
    return out
