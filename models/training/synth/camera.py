"""Head pose and pinhole camera.

Angles in degrees, as a viewer of the picture names them: yaw is positive when the face turns to the
picture's right, pitch when it looks up, roll when the head leans clockwise. Pitch is applied first, then
yaw, then roll, so that the face looks along (cos pitch sin yaw, sin pitch, cos pitch cos yaw) before roll.
"""

from __future__ import annotations

import numpy as np
from numba import njit

PIVOT = np.array([0.0, 1.0, 4.0], np.float32)  # cm, what the head turns about


def rotation(yaw: float, pitch: float, roll: float) -> np.ndarray:
    """Rotation float32 [3, 3] that takes head coordinates to camera coordinates (x right, y up)."""
    y, p, r = np.radians([yaw, pitch, roll])
    about_x = np.array([[1, 0, 0], [0, np.cos(p), np.sin(p)], [0, -np.sin(p), np.cos(p)]])
    about_y = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
    about_z = np.array([[np.cos(r), np.sin(r), 0], [-np.sin(r), np.cos(r), 0], [0, 0, 1]])
    return (about_z @ about_y @ about_x).astype(np.float32)


@njit(cache=True, fastmath=True)
def project(vertices, turn, distance):
    """Turn about the pivot and project with a camera `distance` cm away.

    Returns picture-plane coordinates float32 [V, 2] (y down, cm at the pivot's depth) and camera-space
    vertices float32 [V, 3].
    """
    count = len(vertices)
    plane = np.empty((count, 2), np.float32)
    turned = np.empty((count, 3), np.float32)
    for v in range(count):
        x, y, z = vertices[v, 0] - PIVOT[0], vertices[v, 1] - PIVOT[1], vertices[v, 2] - PIVOT[2]
        for k in range(3):
            turned[v, k] = turn[k, 0] * x + turn[k, 1] * y + turn[k, 2] * z
        shrink = distance / (distance - turned[v, 2])
        plane[v, 0], plane[v, 1] = turned[v, 0] * shrink, -turned[v, 1] * shrink
    return plane, turned


def sample_pose(rng) -> np.ndarray:
    """Yaw, pitch, roll in degrees: mostly near frontal, sometimes far turned."""
    if rng.random() < 0.65:
        yaw, pitch, roll = rng.normal(0, [13, 8, 6])
    else:
        yaw, pitch, roll = rng.uniform(-60, 60), rng.normal(0, 13), rng.normal(0, 13)
    return np.clip([yaw, pitch, roll], [-60, -30, -30], [60, 30, 30])


def sample_distance(rng) -> float:
    """Camera distance in cm: selfies to telephoto."""
    return float(np.exp(rng.uniform(np.log(45), np.log(350))))
