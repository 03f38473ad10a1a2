"""The second teacher in mien's terms, rows made of what it sees, and heads fitted to them."""

from __future__ import annotations

import json
from argparse import Namespace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from torch import nn

from training import data, losses, refit, rows, sources
from training.detector.sources import TWINS, difference_hash
from training.landmarker import compare, detect, label, mapping
from training.landmarker import rows as real
from training.synth import camera

TEMPLATE = np.float32([[0.317, 0.385], [0.683, 0.385], [0.5, 0.584], [0.349, 0.74], [0.651, 0.74]])
NAMES = ["AU1", "AU6", "AU12", "AU25"]


def mesh(rng: np.random.Generator) -> np.ndarray:
    """478 points of no face in particular [1, 478, 2], inside of 48 px."""
    return rng.uniform(8, 40, (1, 478, 2)).astype(np.float32)


def test_every_landmark_has_a_vertex_of_its_own_and_every_blendshape_its_name():
    assert len(set(mapping.VERTICES)) == len(mapping.VERTICES) == 68
    assert len(set(mapping.BLENDSHAPES)) == detect.BLENDSHAPES
    stems = {shape.removesuffix("Left").removesuffix("Right") for shape in mapping.BLENDSHAPES}
    assert {shape for shapes in mapping.UNITS.values() for shape in shapes} <= stems


def test_pose_is_that_of_the_renderer():
    angles = np.float32([[20, -10, 5], [-40, 15, -25], [0, 0, 0]])
    matrix = np.zeros((3, 4, 4), np.float32)
    matrix[:, :3, :3] = 1.7 * np.stack([camera.rotation(*a) for a in angles])
    assert np.allclose(mapping.pose(matrix), angles, atol=1e-3)


def test_action_units_come_from_their_blendshapes_and_the_lips():
    shapes = np.zeros((1, 52), np.float32)
    shapes[0, [mapping.BLENDSHAPES.index("mouthSmileLeft"), mapping.BLENDSHAPES.index("mouthSmileRight")]] = [0.4, 0.8]
    points = np.zeros((1, 478, 2), np.float32)
    points[0, mapping.LIPS[0]], points[0, mapping.LIPS[1]] = [10, 30], [30, 30]
    points[0, mapping.LIPS[2]], points[0, mapping.LIPS[3]] = [20, 26], [20, 35]
    raw = mapping.raw_units(shapes, points, NAMES)
    assert np.allclose(raw, [[0, np.nan, 0.6, 9 / 20 / mapping.WIDEST]], equal_nan=True)


def test_intensities_lie_between_what_few_faces_pass():
    low, high = json.loads(mapping.SCALE.read_text())["AU12"]
    raw = np.float32([[low - 1, np.nan], [high, 0.5], [(low + high) / 2, 0.2]])
    told = mapping.units(raw, ["AU12", "AU6"])
    assert np.allclose(told[:, 0], [0, 1, 0.5]) and np.isnan(told[0, 1])


def test_the_mirror_image_is_brought_back():
    """A mesh and its mirror image, right and left exchanged, are one face."""
    rng = np.random.default_rng(0)
    points = mesh(rng)
    mirrored = np.zeros_like(points)
    for k, other in enumerate(rows.LANDMARK_FLIP):
        mirrored[0, mapping.VERTICES[k]] = [48, 0] + points[0, mapping.VERTICES[other]] * [-1, 1]
    turned = np.eye(4, dtype=np.float32)[None].repeat(2, 0)
    turned[0, :3, :3], turned[1, :3, :3] = camera.rotation(20, 5, -8), camera.rotation(-20, 5, 8)
    z = {"points": np.stack([points, mirrored], 1), "matrix": turned[None], "blendshapes": np.zeros((1, 2, 52), np.float32)}
    marks, pose = zip(*(real.look(z, side, np.float32([48]), NAMES)[:2] for side in (0, 1)))
    assert np.allclose(marks[0], marks[1], atol=1e-4) and np.allclose(pose[0], pose[1], atol=1e-3)


def test_rows_lack_what_the_teacher_does_not_see_or_is_not_sure_of():
    """A dot at a landmark stays there when the picture is enlarged and cut; the jaw, AU6 and doubtful faces are not taught."""
    marks = np.full((2, 68, 2), 24, np.float32)
    marks[:, 30] = [20.5, 30.5]
    image = np.zeros((48, 48), np.uint8)
    image[30, 20] = 255
    five = np.float32([[[16, 20], [32, 20], [24, 29], [17, 36], [31, 36]]]).repeat(2, 0) * data.ENLARGE + data.BORDER
    crops, matrix = data.cut_crops([image, image], five, [True, True], TEMPLATE)
    teacher = real.Seen(marks, np.float32([[1, 2, 3]] * 2), np.float32([[0.1, np.nan]] * 2), np.array([True, False]))
    made = rows.Rows(crops, {})
    real.attach(made, real.enlarged_to(matrix), teacher, ["AU1", "AU6"])
    y, x = np.mgrid[: data.STORED, : data.STORED] + 0.5
    mass = crops[0].astype(float)
    assert np.allclose(made.labels["landmarks"][0, 30], [(mass * x).sum() / mass.sum(), (mass * y).sum() / mass.sum()], atol=0.2)
    assert np.isnan(made.labels["landmarks"][0, :17]).all() and not np.isnan(made.labels["landmarks"][0, 17:]).any()
    assert np.isnan(made.labels["action_units"][0, 1]) and made.weights["landmarks"].tolist() == [1, 0]
    assert not np.isnan(made.labels["landmarks"][1]).any()


def test_values_that_are_missing_are_left_out_of_a_loss():
    target = torch.rand(2, 68, 2)
    points = target + 0.1
    target[0, :17] = torch.nan
    assert torch.allclose(losses.distance(points, target, 1.0), torch.tensor(0.1))
    units = torch.tensor([[1.0, torch.nan]])
    logits = torch.tensor([[0.0, 9.0]], requires_grad=True)
    losses.LOSSES["action_units"][1]({"action_units": logits}, units).sum().backward()
    assert logits.grad[0, 1] == 0 and logits.grad[0, 0] < 0


def test_a_head_finds_the_line_again_and_keeps_what_no_row_tells():
    torch.manual_seed(0)
    head, features = nn.Linear(6, 4), torch.randn(4000, 6)
    truth = nn.Linear(6, 4)
    kept = head.weight[3].detach().clone(), head.bias[3].detach().clone()
    with torch.no_grad():
        left = truth(features) - head(features)
        left[:2000, 2] = torch.nan
        left[:, 3] = torch.nan
    refit.solve(head, features, left, torch.ones(4000), 1e-8, "test")
    assert torch.allclose(head.weight[:3], truth.weight[:3], atol=1e-3) and torch.allclose(head.bias[:3], truth.bias[:3], atol=1e-3)
    assert torch.equal(head.weight[3], kept[0]) and torch.equal(head.bias[3], kept[1])


def test_action_units_are_fitted_where_they_are_known():
    torch.manual_seed(0)
    head, features, truth = nn.Linear(6, 2), torch.randn(4000, 6), nn.Linear(6, 2)
    with torch.no_grad():
        target = truth(features).sigmoid()
        target[:2000, 1] = torch.nan
    refit.descend(head, features, target, torch.ones(4000), 1e-7)
    assert torch.allclose(head.weight, truth.weight, atol=0.02)


def test_what_follows_nothing_is_not_told():
    report = {kind: {"actionUnits": values} for kind, values in (("held-out", {"AU1": 0.8, "AU4": 0.6, "AU6": None}), ("valid", {"AU1": 0.7, "AU4": 0.4, "AU6": None}))}
    assert compare.told(report) == {"AU1": 0.7, "AU4": None, "AU6": None}


@pytest.mark.skipif(not (data.DATA / label.MODEL).exists(), reason="no face landmarker")
def test_the_landmarker_sees_a_face_of_ferplus():
    pytest.importorskip("mediapipe")
    picture = np.load(data.DATA / "ferplus_valid.npz")["images"][2]
    seen = detect.open_landmarker(data.DATA / label.MODEL)(picture)
    marks = mapping.landmarks(seen.points)
    assert seen.blendshapes.shape == (52,) and (marks > -8).all() and (marks < 56).all()
    assert marks[36:42, 0].mean() < marks[42:48, 0].mean() and marks[27, 1] < marks[8, 1]


def test_the_shipped_card_says_of_every_action_unit_whether_it_is_told():
    card = json.loads((Path(data.__file__).parents[1] / "ensemble.json").read_text())
    assert list(card["actionUnitsTold"]) == card["actionUnits"]
    assert all(r is None or compare.TOLD <= r <= 1 for r in card["actionUnitsTold"].values())
    assert card["actionUnitsTold"]["AU6"] is None and card["actionUnitsTold"]["AU9"] is None


@pytest.mark.skipif(not (data.DATA / "faces.tar").exists(), reason="no photos")
def test_no_photo_looks_like_one_on_the_other_side():
    """Of what is left on both sides no two pictures have near-equal hashes, and most are left."""
    hashes = {}
    for kind in ("photos", "held-out"):
        left = label.apart(kind, data.DATA)
        assert left.mean() > 0.7
        grays = [cv2.cvtColor(p, cv2.COLOR_BGR2GRAY) for p, stays in zip(label.pictures(kind, data.DATA), left) if stays]
        hashes[kind] = np.array([difference_hash(gray) for gray in grays])
    apart = [np.unpackbits(hashes["held-out"] ^ h, axis=1).sum(1).min() for h in hashes["photos"]]
    assert min(apart) > TWINS


def test_every_view_of_ferplus_carries_the_teachers_labels(monkeypatch):
    """The detector's cut of a face has the landmarks in its own px, and the detector's five points no longer."""
    votes = np.zeros((2, 10), np.uint8)
    votes[0, 1], votes[1, 8] = 10, 10  # the second is unknown, and left out
    five = np.float32([[[16, 20], [32, 20], [24, 29], [17, 36], [31, 36]]]).repeat(2, 0)
    images = np.full((2, 48, 48), 90, np.uint8)
    crops, matrix = data.cut_crops(images, five * data.ENLARGE + data.BORDER, [True, True], TEMPLATE)
    cached = {"crops": crops, "matrix": matrix, "five": five, "found": np.array([True, True]), "votes": votes}
    marks = np.full((2, 68, 2), 24, np.float32)
    teacher = real.Seen(marks, np.zeros((2, 3), np.float32), np.zeros((2, 1), np.float32), np.array([True, True]))
    monkeypatch.setattr(sources, "ferplus_crops", lambda *_: cached)
    monkeypatch.setattr(sources.landmarker, "seen", lambda *_: teacher)
    config = {"crop": {"template": TEMPLATE}, "actionUnits": ["AU12"], "views": {"landmarker": 1, "detector": 1}}
    made = sources.view("detector", {"detector": None}, config, Namespace(data=data.DATA))
    expected = real.enlarged_to(matrix)[0] @ [24, 24, 1]
    assert len(made) == 1 and np.allclose(made.labels["landmarks"][0, 40], expected, atol=1e-3)
    assert "five" not in made.labels and made.weights["action_units"].tolist() == [1]
