"""Hair and headgear: the scalp of the mesh itself swells and darkens; long hair hangs as an open curtain."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numba import njit


# Where the hairline runs: azimuth in degrees from the front, height in cm on the mean face.
AZIMUTHS = np.array([0, 22, 38, 52, 66, 76, 86, 100, 125, 180], np.float32)
HAIRLINE = np.array([11.2, 11.0, 10.2, 7.6, 5.0, 2.6, 3.6, 0.5, -4.0, -6.0], np.float32)
ROWS, COLUMNS = 18, 26


@dataclass
class Hair:
    """One head of hair; albedo is linear luma."""

    kind: str  # bald, short, long, hat or scarf
    albedo: float
    streak: float  # contrast of strands, 0 to 1
    line: np.ndarray = field(repr=False)  # float32 [10], height of the hairline at AZIMUTHS
    thickness: float = 0.8  # cm
    length: float = 0.0  # cm below the ears that the curtain hangs to
    opening: float = 70.0  # azimuth in degrees where the curtain begins
    waves: np.ndarray = field(default_factory=lambda: np.zeros((3, 3)), repr=False)
    rough: float = 0.5  # cm, unevenness of the hairline


def sample(rng) -> Hair:
    """Draw a hair style."""
    kind = str(rng.choice(["bald", "short", "long", "hat", "scarf"], p=[0.07, 0.42, 0.38, 0.08, 0.05]))
    albedo = float(np.exp(rng.uniform(np.log(0.008), np.log(0.12))) if rng.random() < 0.75 else rng.uniform(0.1, 0.5))
    line = HAIRLINE + rng.normal(0, 0.5)
    line[:4] += rng.normal(0, 0.5) + np.array([0, 1, 1.6, 1]) * max(rng.normal(0.1, 0.6), -0.3)
    if rng.random() < (0.35 if kind == "long" else 0.2):  # a fringe
        line[:4] = line[:4] - rng.uniform(1, 4.2)
    hair = Hair(kind, albedo, rng.uniform(0.25, 0.8), line.astype(np.float32), rng.uniform(0.3, 1.8),
                rough=rng.uniform(0.1, 0.8))  # fmt: skip
    hair.waves = np.stack([rng.uniform(2, 9, 3), rng.uniform(0, 6.3, 3), rng.normal(0, 0.25, 3)], 1)
    if kind == "bald":
        hair.line = hair.line + 30
    elif kind == "long":
        hair.length, hair.opening = rng.uniform(2, 14), rng.uniform(52, 88)
    elif kind in ("hat", "scarf"):
        hair.albedo, hair.streak, hair.rough = rng.uniform(0.02, 0.7), rng.uniform(0, 0.15), 0.02
        hair.line = (hair.line * 0 + rng.uniform(7.0, 10.0)).astype(np.float32)
        hair.thickness = rng.uniform(0.5, 1.6)
        hair.length, hair.opening = (rng.uniform(6, 12), rng.uniform(48, 66)) if kind == "scarf" else (0, 70)
    return hair


def field_of(hair: Hair, azimuth, height, noise=0.0):
    """Signed cm above the hairline (positive: hair), for arrays of azimuth (radians) and height (cm)."""
    line = np.interp(np.degrees(azimuth), AZIMUTHS, hair.line).astype(np.float32)
    return height - line + noise * hair.rough


def swell(hair: Hair, vertices, azimuth, mean, ear):
    """Push the scalp outwards; returns moved vertices float32 [V, 3] and cover float32 [V] in 0 to 1."""
    return _swell(vertices, azimuth, mean, ear, hair.line, AZIMUTHS, hair.waves, np.float32(hair.thickness))


@njit(cache=True, fastmath=True)
def _swell(vertices, azimuth, mean, ear, line, azimuths, waves, thickness):
    moved = vertices.copy()
    cover = np.zeros(len(vertices), np.float32)
    for v in range(len(vertices)):
        x, y, z = mean[v, 0], mean[v, 1], mean[v, 2]
        degrees = np.degrees(azimuth[v])
        k = 0
        while k < len(azimuths) - 2 and azimuths[k + 1] < degrees:
            k += 1
        part = (degrees - azimuths[k]) / (azimuths[k + 1] - azimuths[k])
        above = y - (line[k] + (line[k + 1] - line[k]) * part)
        if above < -0.4 or ear[v]:
            continue
        cover[v] = min(above / 0.5 + 0.5, 1.0) if above > -0.25 else 0.0
        angle = np.arctan2(x, z - 1)
        bump = 1.0
        for w in range(len(waves)):
            bump += waves[w, 2] * np.sin(waves[w, 0] * angle + waves[w, 1] + y)
        bulk = min(max(above / 2.5 + 0.15, 0.0), 1.0) ** 0.7 * thickness * bump
        y, z = y - 4, z - 1.5
        scale = bulk / np.sqrt(x * x + y * y + z * z)
        moved[v, 0] += x * scale
        moved[v, 1] += y * scale
        moved[v, 2] += z * scale
    return moved, cover


def curtain(hair: Hair, vertices, mesh):
    """The hanging part: vertices float32 [N, 3], triangles int32 [M, 3] (from 0), streak coordinates [N, 2]."""
    width = 0.5 * np.ptp(vertices[mesh.landmarks[[0, 16]], 0]) + 1.0
    bottom = -2 - hair.length
    height = np.linspace(11.5, bottom, ROWS)[:, None]
    side = np.linspace(0, 1, COLUMNS)[None]
    grids = []
    for sign in (-1, 1):
        start = np.radians(hair.opening + np.clip(height - 6, 0, 9) * -6 + 4 * np.sin(height * 0.4 + hair.waves[0, 1]))
        angle = start + (np.pi - start) * side
        skull = np.sqrt(np.clip(1 - (np.clip(height - 3.5, 0, None) / 11.2) ** 2, 0.03, 1))
        wave = sum(a * np.sin(f * 2 * angle * sign + p + height * 0.25) for f, p, a in hair.waves)
        grow = 1 + np.clip(3 - height, 0, 8) * 0.018
        radius = (width + hair.thickness * 0.9) * skull * grow + wave * 0.6
        x, z = sign * radius * np.sin(angle), 1.2 * radius * np.cos(angle) + 0.6
        grids.append(np.stack([x, height + 0 * x, z], -1).reshape(-1, 3))
    cells = np.arange(ROWS * COLUMNS).reshape(ROWS, COLUMNS)
    a, b, c, d = cells[:-1, :-1].ravel(), cells[:-1, 1:].ravel(), cells[1:, :-1].ravel(), cells[1:, 1:].ravel()
    quads = np.concatenate([np.stack([a, c, b], 1), np.stack([b, c, d], 1)])
    # The mirrored side turns its triangles over, so that normals of both sides point outwards.
    triangles = np.concatenate([quads[:, ::-1], quads + ROWS * COLUMNS])
    streaks = np.stack([side + 0 * height, height / 60 + 0 * side], -1).reshape(-1, 2)
    return (np.concatenate(grids).astype(np.float32), triangles.astype(np.int32),
            np.concatenate([streaks, streaks + [0.37, 0.2]]).astype(np.float32))  # fmt: skip
