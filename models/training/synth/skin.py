"""The painted face: skin, lips, brows, beard, make-up and hairline as an albedo and a height texture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit

from . import hair as hair_module
from .action_units import INDEX
from .maps import WRINKLES, Maps


@dataclass
class Skin:
    """One person's skin; albedos are linear luma, ages and make-up 0 to 1."""

    tone: float
    blotch: float
    pores: float
    freckles: float
    age: float
    lips: float  # albedo relative to the skin
    beard: float
    moustache: float
    bristle: float  # albedo of beard and brows
    liner: float
    shadow: float
    bags: float
    shine: float
    brow_offset: float
    brow_tilt: float
    brow_arch: float
    brow_thickness: float
    brow_strength: float


def sample(rng, hair_albedo: float) -> Skin:
    """Draw a person's skin; brows and beard go with the hair."""
    tone = float(np.exp(rng.uniform(np.log(0.07), np.log(0.55)))) if rng.random() < 0.45 else rng.uniform(0.3, 0.6)
    made_up, bearded = rng.random() < 0.35, rng.random()
    beard = rng.uniform(0.1, 0.4) if bearded < 0.2 else rng.uniform(0.6, 1) if bearded < 0.32 else 0.0
    moustache = beard * rng.uniform(0.6, 1) if rng.random() < 0.9 else rng.uniform(0.5, 1)
    if made_up:
        beard = moustache = 0.0
    return Skin(
        tone=tone,
        blotch=rng.uniform(0.02, 0.1),
        pores=rng.uniform(0.01, 0.07),
        freckles=max(0, rng.normal(-0.3, 0.4)),
        age=rng.beta(1.2, 2.2),
        lips=rng.uniform(0.35, 0.85) if made_up else rng.uniform(0.62, 1),
        beard=beard if bearded < 0.32 else 0.0,
        moustache=moustache if bearded < 0.36 else 0,
        bristle=min(hair_albedo * rng.uniform(0.4, 1.0), tone * rng.uniform(0.1, 0.35)),
        liner=rng.uniform(0.6, 1) if made_up else rng.uniform(0.35, 0.9),
        shadow=rng.uniform(0.15, 0.65) if made_up else rng.uniform(0.05, 0.45),
        bags=max(0, rng.normal(0.08, 0.12)),
        shine=rng.uniform(0.02, 0.35),
        brow_offset=rng.normal(-0.6, 0.25),
        brow_tilt=rng.normal(0.06, 0.1),
        brow_arch=rng.normal(-0.05, 0.16),
        brow_thickness=np.exp(rng.normal(0.18, 0.28)),
        brow_strength=rng.uniform(0.7, 1) if rng.random() < 0.93 else rng.uniform(0.1, 0.5),
    )


def paint(skin: Skin, hair, maps: Maps, units: np.ndarray, rng):
    """Albedo and height textures, float32 [S, S] each (height in cm), for `units` [K, 2] of the moment."""
    shifts = rng.integers(0, maps.size, (len(maps.noise), 2))
    amounts = np.array([skin.blotch, skin.pores, max(skin.freckles, 0), skin.bags, skin.shadow, skin.lips, skin.tone,
                        skin.beard, skin.moustache, skin.bristle, skin.liner], np.float32)  # fmt: skip
    depths = _wrinkle_depths(skin, units)
    albedo, folds, grain = _base(maps.inside, maps.layers, maps.wrinkles, maps.noise, shifts, amounts, depths)
    _paint_brows(albedo, skin, maps, np.clip(0.9 + 0.18 * grain, 0.3, 1.2))
    if hair.kind != "bald":
        _paint_hairline(albedo, folds, maps.inside, maps.azimuth, maps.position, maps.ear, maps.noise, shifts,
                        hair.line, hair_module.AZIMUTHS, hair.rough, hair.albedo, hair.streak)  # fmt: skip
    return albedo, folds


@njit(cache=True, fastmath=True)
def _base(inside, layers, wrinkles, noise, shifts, amounts, depths):
    """Skin without brows and hairline: albedo, height (cm) and the finest noise, float32 [S, S] each."""
    size = inside.shape[0]
    wrap = size - 1  # sizes are powers of two
    blotch, pores, freckles, bags, shadow, lips, tone, beard, moustache, bristle, liner = amounts
    albedo = np.full((size, size), tone, np.float32)
    folds = np.zeros((size, size), np.float32)
    grain = np.zeros((size, size), np.float32)
    for y in range(size):
        for x in range(size):
            n0 = noise[0, (y + shifts[0, 0]) & wrap, (x + shifts[0, 1]) & wrap]
            grain[y, x] = n0
            if not inside[y, x]:
                continue
            n1 = noise[1, (y + shifts[1, 0]) & wrap, (x + shifts[1, 1]) & wrap]
            n3 = noise[3, (y + shifts[3, 0]) & wrap, (x + shifts[3, 1]) & wrap]
            n4 = noise[4, (y + shifts[4, 0]) & wrap, (x + shifts[4, 1]) & wrap]
            layer = layers[y, x]
            value = 1 + blotch * (n4 + 0.6 * n3) + pores * n0
            value -= freckles * min(max(n1 - 1.1, 0.0), 0.6) * (layer[6] + 0.4 * layer[5])
            value -= 0.12 * layer[6] + bags * 1.2 * layer[5] + shadow * layer[4]
            value *= 1 + layer[0] * (lips * (1 + 0.05 * n1) - 1)
            fold = 0.0
            for k in range(len(depths)):
                fold += depths[k] * wrinkles[y, x, k]
            value *= tone * (1 + min(max(fold * 2.2, -0.5), 0.12))
            rough = min(max(0.8 + 0.22 * n0, 0.0), 1.2)
            value += (bristle - value) * min((beard * layer[1] + moustache * layer[2]) * rough, 1.0)
            value += (0.015 - value) * layer[3] * liner
            albedo[y, x] = max(value, 0.004)
            folds[y, x] = fold + pores * 0.012 * n1
    return albedo, folds, grain


def _wrinkle_depths(skin, units):
    """Depth in cm of each fold of WRINKLES: the units that make it, the deeper the older."""

    def unit(name, side=None):
        value = units[INDEX[name]]
        return value.max() if side is None else value[side]

    def cheek(side):
        return 0.9 * unit("AU12", side) + 0.6 * unit("AU10", side) + 0.7 * unit("AU9", side) + 0.3 * unit("AU6", side)

    depth = {
        "nasolabial_L": cheek(1), "nasolabial_R": cheek(0),  # the picture's left is the person's right
        "forehead": 0.7 * unit("AU1") + 0.7 * unit("AU2") - 0.4 * unit("AU4"), "glabella": 1.3 * unit("AU4"),
        "nose_root": 1.2 * unit("AU9") + 0.2 * unit("AU4"), "crow_L": 0.8 * unit("AU6", 1) + 0.3 * unit("AU7", 1),
        "crow_R": 0.8 * unit("AU6", 0) + 0.3 * unit("AU7", 0), "under_eye": 0.6 * unit("AU6") + 0.5 * unit("AU7"),
        "marionette": 0.9 * unit("AU15") + 0.3 * unit("AU17"), "chin": 1.1 * unit("AU17"),
    }  # fmt: skip
    rest = 0.35 * skin.age**2
    scale = np.array([0.22, 0.22, 0.1, 0.15, 0.1, 0.07, 0.07, 0.1, 0.12, 0.13]) * (0.8 + 1.3 * skin.age)
    return (scale * np.array([rest + max(depth[name], 0) for name in WRINKLES])).astype(np.float32)


def _paint_brows(albedo, skin, maps, hairs):
    """Brows follow landmarks 17-26 on the mean face, and so move with the mesh."""
    block = maps.brow_block
    position = maps.position[block]
    outward, height = np.abs(position[..., 0]), position[..., 1]
    along = (outward - maps.brow[0, 0] + 0.5) / (maps.brow[4, 0] - maps.brow[0, 0] + 0.6)
    centre = np.interp(outward, maps.brow[:, 0], maps.brow[:, 1]) + skin.brow_offset
    centre += skin.brow_tilt * (along - 0.5) * 2 + skin.brow_arch * np.sin(np.clip(along, 0, 1) * np.pi)
    half = skin.brow_thickness * np.interp(along, [0, 0.2, 0.6, 1], [0.3, 0.42, 0.34, 0.1])
    across = np.abs(height - centre) / half
    strength = np.clip((1.35 - across) / 0.6, 0, 1) * np.clip(along * 6, 0, 1) * np.clip((1.04 - along) * 8, 0, 1)
    strength = strength * (position[..., 2] > 3) * skin.brow_strength * hairs[block]
    albedo[block] += (skin.bristle - albedo[block]) * np.clip(strength, 0, 1).astype(np.float32)


@njit(cache=True, fastmath=True)
def _paint_hairline(albedo, folds, inside, azimuth, position, ear, noise, shifts, line, azimuths, rough, colour,
                    streak):
    """Cover what lies above the hairline with strands, in place."""
    size = albedo.shape[0]
    wrap = size - 1
    lowest = line.min() - 3 * rough
    for y in range(size):
        for x in range(size):
            if not inside[y, x] or ear[y, x] or position[y, x, 1] < lowest:
                continue
            n0 = noise[0, (y + shifts[0, 0]) & wrap, (x + shifts[0, 1]) & wrap]
            n1 = noise[1, (y + shifts[1, 0]) & wrap, (x + shifts[1, 1]) & wrap]
            n2 = noise[2, (y + shifts[2, 0]) & wrap, (x + shifts[2, 1]) & wrap]
            degrees = azimuth[y, x] * np.float32(57.29578)
            k = 0
            while k < len(azimuths) - 2 and azimuths[k + 1] < degrees:
                k += 1
            part = (degrees - azimuths[k]) / (azimuths[k + 1] - azimuths[k])
            edge = line[k] + (line[k + 1] - line[k]) * part
            above = position[y, x, 1] - edge + rough * (0.3 * n1 + 0.2 * n0 + 0.5 * n2)
            cover = min(max(above * 1.6 + 0.5, 0.0), 1.0)
            if cover == 0:
                continue
            strand = min(max(1 + streak * (0.35 * n0 + 0.3 * n1 + 0.25 * n2), 0.2), 2.2)
            albedo[y, x] += (colour * strand - albedo[y, x]) * cover
            folds[y, x] += (streak * 0.02 * n1 - folds[y, x]) * cover
