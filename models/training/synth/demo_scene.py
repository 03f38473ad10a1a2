"""The demo clip's picture: two coloured heads on painted shoulders before a painted, blurred room."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from . import action_units, expression, hair, light, maps, mesh, skin
from .draw import label, shade, trace
from .person import Person, Shot

LUMA = np.array([0.299, 0.587, 0.114])
TEXTURE = 512


@dataclass
class Actor:
    """A person in the clip with colours as RGB ratios, and the exposure that keeps them steady."""

    person: Person
    skin: np.ndarray
    hair: np.ndarray
    cloth: np.ndarray
    centre: tuple[float, float]  # of the face at rest, in the panel
    lamp: light.Light
    gain: float = 0.0


def ratio(red: float, green: float, blue: float) -> np.ndarray:
    """A colour as RGB multiples of its luma."""
    colour = np.array([red, green, blue], float)
    return colour / (colour @ LUMA)


def draw_actor(actor: Actor, units, pose, shift, gaze, panel, face_width, data):
    """One actor in a `panel` (height, width): RGB float [H, W, 3] 0 to 255, alpha [H, W, 1] 0 to 1, labels."""
    face = mesh.load(data)
    weights = action_units.shape_weights(units, face.expression_index, np.ones(len(units), np.float32))
    centre = (actor.centre[0] + shift[0], actor.centre[1] + shift[1])
    shot = Shot(np.asarray(pose), 140.0, actor.lamp, face_width, centre, gaze)
    traced = trace(actor.person, shot, weights, *panel, data)
    fixed = maps.load(data, TEXTURE)
    rng = np.random.default_rng(actor.person.seed)
    textures = skin.paint(actor.person.skin, actor.person.hair, fixed, units, rng)
    linear = shade(traced, textures, fixed, actor.person, shot)
    solid = (traced.nearest >= 0).astype(np.float32)
    if not actor.gain:
        actor.gain = 0.2 / float(linear[solid > 0].mean())
    gray = 255 * (1 - np.exp(-1.25 * linear * actor.gain)) ** (1 / 2.2)
    colour = gray[..., None] * _tint(actor, traced, fixed)
    size = (panel[1], panel[0])
    matte = (solid * _bust_fade(traced))[..., None]
    alpha = cv2.resize(matte, size, interpolation=cv2.INTER_AREA)[..., None]
    colour = cv2.resize((colour * matte).astype(np.float32), size, interpolation=cv2.INTER_AREA)
    colour = colour / np.maximum(alpha, 1e-3)
    return colour.clip(0, 255), alpha, label(traced, shot, units)


def _bust_fade(traced):
    """1, falling to 0 towards the cut edge of the bust, float32 [H, W]: the painted torso shows through there."""
    count = len(traced.mesh.vertices)
    corner = traced.parts["triangles"][traced.nearest][..., 0]
    body = corner < count
    place = traced.mesh.vertices[corner.clip(0, count - 1)]
    aside = np.where(place[..., 1] < -8, np.clip((8.5 - np.abs(place[..., 0])) / 2.5, 0, 1), 1)
    return np.where(body, aside * np.clip((place[..., 1] + 13.2) / 2.2, 0, 1), 1).astype(np.float32)


def _tint(actor, traced, fixed):
    """RGB ratios float32 [H, W, 3] of what each supersampled pixel shows."""
    parts, nearest = traced.parts, traced.nearest
    corners = parts["triangles"][nearest]
    b, c = traced.weights[..., :1], traced.weights[..., 1:]

    def mix(values):
        return values[corners[..., 0]] * (1 - b - c) + values[corners[..., 1]] * b + values[corners[..., 2]] * c

    kind = parts["material"][nearest]
    uv, extra = mix(parts["uv"]), mix(parts["extra"])
    cover = np.clip(hair.field_of(actor.person.hair, fixed.azimuth, fixed.position[..., 1]) * 1.5 + 0.5, 0, 1)
    cover *= ~fixed.ear
    texel = (uv * fixed.size).astype(int).clip(0, fixed.size - 1)
    hairy = np.where(kind == mesh.FACE, cover[texel[..., 1], texel[..., 0]], extra[..., 0])
    hairy = np.where(kind == mesh.HAIR, 1, hairy)[..., None]
    tint = actor.skin * (1 - hairy) + actor.hair * hairy
    lips = fixed.layers[texel[..., 1], texel[..., 0], 0][..., None] * (kind == mesh.FACE)[..., None]
    tint = tint * (1 - 0.6 * lips) + 0.6 * lips * ratio(1.3, 0.75, 0.75)
    line = actor.person.look[12]
    clothed = ((kind == mesh.FACE) | (kind == mesh.BACK)) & (extra[..., 2] < line)
    tint = np.where(clothed[..., None], actor.cloth, tint)
    tint = np.where(((kind == mesh.EYE) | (kind == mesh.TOOTH))[..., None], ratio(1.03, 1, 0.97), tint)
    tint = np.where((kind == mesh.GUM)[..., None], ratio(1.5, 0.75, 0.75), tint)
    return tint.astype(np.float32)


def room(height: int, width: int) -> np.ndarray:
    """A blurred room of the painter's own: wall, window, lamp, shelf; RGB float32 [H, W, 3]."""
    rng = np.random.default_rng(20)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    wall = np.stack([118 + 26 * x / width - 20 * y / height, 126 + 12 * x / width - 22 * y / height,
                     134 - 8 * x / width - 24 * y / height], -1)  # fmt: skip
    scene = wall.copy()
    cv2.rectangle(scene, (int(0.41 * width), 0), (int(0.59 * width), int(0.62 * height)), (205, 214, 222), -1)
    for bar in (0.47, 0.53):
        cv2.rectangle(scene, (int(bar * width) - 3, 0), (int(bar * width) + 3, int(0.62 * height)), (120, 122, 124), -1)
    for shelf in (0.28, 0.55):
        cv2.rectangle(scene, (int(0.86 * width), int(shelf * height)), (width, int((shelf + 0.03) * height)),
                      (92, 74, 60), -1)  # fmt: skip
        left = int(0.87 * width)
        while left < width:
            wide, high = int(rng.integers(8, 18)), int(rng.integers(35, 62))
            colour = tuple(float(v) for v in rng.uniform(60, 190, 3))
            cv2.rectangle(scene, (left, int(shelf * height) - high), (left + wide, int(shelf * height)), colour, -1)
            left += wide + 2
    cv2.circle(scene, (int(0.06 * width), int(0.22 * height)), 40, (235, 205, 150), -1)
    scene = cv2.GaussianBlur(scene, (0, 0), 13)
    vignette = 1 - 0.28 * (((x / width - 0.5) * 1.5) ** 2 + ((y / height - 0.5) * 1.2) ** 2)
    return (scene * vignette[..., None]).clip(0, 255)


def shoulders(scene, actor: Actor, left: int, neck: tuple[float, float], brightness: float) -> None:
    """Paint the torso under a head whose chin is at `neck` (x, y in the panel), in place."""
    height = scene.shape[0]
    x, y = neck[0] + left, neck[1]
    outline = np.array([[-30, 6], [-42, 24], [-70, 42], [-110, 66], [-134, 100], [-146, 260], [146, 260], [134, 100],
                        [110, 66], [70, 42], [42, 24], [30, 6]], float) + [x, y]  # fmt: skip
    canvas = np.zeros(scene.shape[:2], np.uint8)
    cv2.fillPoly(canvas, [np.round(outline * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
    weight = cv2.GaussianBlur(canvas, (0, 0), 2.5).astype(np.float32)[..., None] / 255
    rows, columns = np.mgrid[0:height, 0 : scene.shape[1]].astype(np.float32)
    tone = brightness * (0.98 - 0.4 * ((columns - x) / 170) ** 2 - 0.15 * (rows - y - 60) / 120)
    scene[:] = scene * (1 - weight) + (tone[..., None] * actor.cloth).clip(0, 255) * weight


def compose(scene, colour, alpha, left: int) -> None:
    """Lay an actor's panel over the scene, in place."""
    part = scene[:, left : left + colour.shape[1]]
    part[:] = part * (1 - alpha) + colour * alpha


def neutral_units() -> np.ndarray:
    return np.zeros((len(expression.NAMES), 2), np.float32)

