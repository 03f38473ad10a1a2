"""Deferred shading: what the rasteriser hit becomes linear luma; numba, one thread."""

from __future__ import annotations

import numpy as np
from numba import njit

from .mesh import BACK, EYE, FACE, GUM, HAIR, TOOTH

# Slots of the `look` vector.
LOOK = ("tone", "hair", "streak", "cloth", "shine", "iris", "iris_radius", "pupil_radius", "sclera", "teeth", "gums",
        "bump", "cloth_line", "bald")  # fmt: skip


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
            if kind == FACE:
                u = wa * uv[a, 0] + wb * uv[b, 0] + wc * uv[c, 0]
                v = wa * uv[a, 1] + wb * uv[b, 1] + wc * uv[c, 1]
                albedo[y, x] = _texture(albedo_map, u, v)
                height[y, x] = _texture(height_map, u, v)
                low = wa * extra[a, 2] + wb * extra[b, 2] + wc * extra[c, 2]
                if low < look[12]:
                    albedo[y, x] = look[3]
            elif kind == EYE:
                p = wa * local[a, 0] + wb * local[b, 0] + wc * local[c, 0]
                q = wa * local[a, 1] + wb * local[b, 1] + wc * local[c, 1]
                albedo[y, x] = _eye(p, q, look)
            elif kind == HAIR:
                p = wa * local[a, 0] + wb * local[b, 0] + wc * local[c, 0]
                q = wa * local[a, 1] + wb * local[b, 1] + wc * local[c, 1]
                strand = _strand(noise, p, q)
                albedo[y, x] = look[1] * min(max(1 + look[2] * 0.7 * strand, 0.15), 2.5)
                height[y, x] = 0.03 * look[2] * strand
            elif kind == BACK:
                cover = wa * extra[a, 0] + wb * extra[b, 0] + wc * extra[c, 0]
                low = wa * extra[a, 2] + wb * extra[b, 2] + wc * extra[c, 2]
                front = wa * extra[a, 1] + wb * extra[b, 1] + wc * extra[c, 1]
                bare = look[3] if low < look[12] else look[0]
                strand = 0.0
                if cover > 0:
                    p = wa * local[a, 0] + wb * local[b, 0] + wc * local[c, 0]
                    q = wa * local[a, 1] + wb * local[b, 1] + wc * local[c, 1]
                    strand = look[2] * 0.7 * _strand(noise, 2 * p, q)
                albedo[y, x] = bare * (1 - cover) + look[1] * cover * min(max(1 + strand, 0.15), 2.5)
                if front < 0:
                    albedo[y, x] = 0.03
            else:
                front = wa * extra[a, 1] + wb * extra[b, 1] + wc * extra[c, 1]
                base = look[9] if kind == TOOTH else look[10]
                albedo[y, x] = base * (0.12 + 0.88 * front)
    return albedo, height


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
            nx = wa * normals[a, 0] + wb * normals[b, 0] + wc * normals[c, 0]
            ny = wa * normals[a, 1] + wb * normals[b, 1] + wc * normals[c, 1]
            nz = wa * normals[a, 2] + wb * normals[b, 2] + wc * normals[c, 2]
            if kind == HAIR and nz < 0:
                nx, ny, nz = -nx, -ny, -nz
            if (kind == FACE or kind == HAIR) and 0 < x < columns - 1 and 0 < y < rows - 1:
                if nearest[y, x - 1] >= 0 and nearest[y, x + 1] >= 0 and nearest[y - 1, x] >= 0 and nearest[y + 1, x] >= 0:
                    gx = look[11] * (height[y, x + 1] - height[y, x - 1]) / (2 * pixel)
                    gy = look[11] * (height[y - 1, x] - height[y + 1, x]) / (2 * pixel)
                    nx -= min(max(gx, -0.7), 0.7)
                    ny -= min(max(gy, -0.7), 0.7)
            length = 1 / np.sqrt(nx * nx + ny * ny + nz * nz + 1e-9)
            nx, ny, nz = nx * length, ny * length, nz * length
            seen = wa * sky_seen[a] + wb * sky_seen[b] + wc * sky_seen[c]
            if kind == EYE:
                seen = max(seen, 0.55)
            bright = wa * lit[a] + wb * lit[b] + wc * lit[c]
            diffuse = (sky * (0.5 + 0.5 * ny) + ground * (0.5 - 0.5 * ny)) * seen
            gloss = 0.0
            for k in range(3):
                lx, ly, lz = directions[k, 0], directions[k, 1], directions[k, 2]
                power = powers[k]
                if power <= 0:
                    continue
                if k == 0:
                    power *= 1 - shadow * (1 - bright)
                cosine = nx * lx + ny * ly + nz * lz
                wrap = 0.0 if kind == EYE else 0.18
                diffuse += power * max(0.0, (cosine + wrap) / (1 + wrap)) * (0.45 + 0.55 * seen)
                hx, hy, hz = lx, ly, lz + 1
                half = (nx * hx + ny * hy + nz * hz) / np.sqrt(hx * hx + hy * hy + hz * hz + 1e-9)
                if half > 0:
                    if kind == EYE:
                        gloss += 1.6 * power * half**90
                    elif kind == TOOTH:
                        gloss += 0.12 * power * half**20
                    elif kind == GUM:
                        gloss += 0.03 * power * half**30
                    elif kind == FACE or kind == HAIR:
                        gloss += look[4] * 0.35 * power * half**14 * min(1.0, albedo[y, x] * 6)
            value = albedo[y, x] * diffuse + gloss * (0.3 + 0.7 * seen)
            if kind == EYE or kind == TOOTH or kind == GUM:
                # Lids and lips shade what lies just below and behind them.
                above = max(0, y - lid)
                if nearest[above, x] >= 0 and material[nearest[above, x]] != kind and depth[above, x] > depth[y, x]:
                    value *= 0.4
            out[y, x] = value
    return out
