"""Synthetic faces: the same seed gives the same pictures, and labels are what was drawn."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from training.synth import camera, expression, hair
from training.synth.action_units import INDEX, NAMES
from training.synth.mesh import DEFAULT_DATA

face_data = pytest.mark.skipif(not (Path(DEFAULT_DATA) / "ict_facekit_light.npz").exists(), reason="no 3D face")


def test_expressions_are_distributions_and_follow_their_class():
    rng = np.random.default_rng(0)
    happy = [expression.sample(rng, "happiness") for _ in range(50)]
    calm = [expression.sample(rng, "neutral") for _ in range(50)]
    for mood in happy + calm:
        assert mood.label.sum() == pytest.approx(1, abs=1e-5) and (mood.label >= 0).all()
        assert np.abs(mood.valence_arousal).max() <= 1
    smile = [np.mean([expression.unit_labels(m.units)[INDEX["AU12"]] for m in moods]) for moods in (happy, calm)]
    assert smile[0] > 0.5 > 0.2 > smile[1]
    assert np.mean([m.valence_arousal[0] for m in happy]) > 0.4


def test_signs_of_the_pose():
    forward, up = np.array([0, 0, 1.0]), np.array([0, 1.0, 0])
    assert (camera.rotation(30, 0, 0) @ forward)[0] > 0.4  # to the picture's right
    assert (camera.rotation(0, 30, 0) @ forward)[1] > 0.4  # up
    assert (camera.rotation(0, 0, 30) @ up)[0] > 0.4  # clockwise: the crown moves right
    assert camera.rotation(20, -10, 5) @ camera.rotation(20, -10, 5).T == pytest.approx(np.eye(3), abs=1e-5)


def test_hair_begins_above_the_hairline():
    style = hair.Hair("short", 0.1, 0.5, hair.HAIRLINE)
    above = hair.field_of(style, np.array([0.0, 0.0]), np.array([14.0, 5.0]))
    assert above[0] > 0 > above[1]


@face_data
def test_the_same_seed_gives_the_same_picture():
    from training.synth.dataset import LABELS, render_picture

    one = render_picture(np.random.default_rng([3, 1]), 128, DEFAULT_DATA)
    two = render_picture(np.random.default_rng([3, 1]), 128, DEFAULT_DATA)
    other = render_picture(np.random.default_rng([3, 2]), 128, DEFAULT_DATA)
    assert (one[0] == two[0]).all() and (one[0] != other[0]).any()
    assert all(np.array_equal(one[1][name], two[1][name]) for name in LABELS)


@face_data
def test_labels_have_their_shapes_and_lie_in_the_picture(tmp_path):
    from training.synth.dataset import render

    render(str(tmp_path), 12, 128, 5, 12, 1, DEFAULT_DATA)
    with np.load(tmp_path / "synth_0000.npz") as shard:
        shapes = {name: shard[name].shape[1:] for name in shard.files if name != "action_unit_names"}
        marks, box, five = shard["landmarks68"], shard["box"], shard["five"]
        assert tuple(shard["action_unit_names"]) == NAMES
        assert shard["images"].dtype == np.uint8
    assert shapes == {
        "images": (128, 128), "expression": (8,), "valence_arousal": (2,), "action_units": (len(NAMES),),
        "landmarks68": (68, 2), "five": (5, 2), "pose": (3,), "box": (4,), "visibility": (68,), "covered": (),
        "blur": (), "scale": (), "brightness": (),
    }  # fmt: skip
    assert ((marks > 0) & (marks < 128)).mean() > 0.98
    assert (five[:, 0, 0] < five[:, 1, 0]).all()
    width = box[:, 2] - box[:, 0]
    assert (width > 30).all() and (width < 90).all()


@face_data
def test_a_smile_moves_the_corners_of_the_mouth():
    from training.synth import action_units, draw, mesh

    face = mesh.load(DEFAULT_DATA)
    units = np.zeros((len(NAMES), 2), np.float32)
    units[INDEX["AU12"]] = 1
    weights = action_units.shape_weights(units, face.expression_index, np.ones(len(NAMES)))
    marks = draw.deform(face.vertices.ravel(), weights, face)[face.landmarks]
    rest = face.vertices[face.landmarks]
    assert marks[54, 0] > rest[54, 0] + 0.3 and marks[48, 0] < rest[48, 0] - 0.3
    assert marks[[48, 54], 1].mean() > rest[[48, 54], 1].mean() + 0.3
