"""The ensemble: labels that move with the pixels, honest numbers, and the contract of the shipped file."""

from __future__ import annotations

import copy
import hashlib
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from training import augment, calibrate, crop, data, distil, losses, metrics, negatives, presence, rows, smoke, sources, weights
from training.chain import Chain
from training.ensemble import Ensemble
from training.networks import Network, Shape, multiply_adds

MODELS = Path(__file__).parents[2]
shipped = pytest.mark.skipif(not (MODELS / "ensemble.onnx").exists(), reason="no models/ensemble.onnx")
face_data = pytest.mark.skipif(not (data.DATA / "ferplus_valid.npz").exists(), reason="no FER+ data")


def test_similarity_brings_points_onto_the_template():
    points = np.array([[30, 40], [70, 42], [50, 60], [35, 80], [66, 81.0]])
    turn = np.array([[0.5, -0.2, 3], [0.2, 0.5, 9]])
    assert np.allclose(crop.similarity(points, crop.apply(turn, points)), turn)


def test_protocol_drops_single_votes_and_unknown_winners():
    votes = np.array([[6, 1, 3, 0, 0, 0, 0, 0, 0, 0], [1, 1, 1, 1, 1, 1, 1, 1, 1, 1], [2, 0, 0, 0, 0, 0, 0, 0, 8, 0]], np.uint8)
    keep, distribution = data.protocol(votes)
    assert keep.tolist() == [True, False, False]
    assert np.allclose(distribution[0][:3], [6 / 9, 0, 3 / 9])


def test_mirrors_are_their_own_inverse():
    for order in (rows.LANDMARK_FLIP, rows.FIVE_FLIP, rows.mirrored_units(["AU1", "AU2Left", "AU2Right"])):
        assert np.array_equal(np.array(order)[order], np.arange(len(order)))


def test_points_move_with_the_pixels():
    """A bright dot and its label stay together under every jitter."""
    rng = np.random.default_rng(1)
    stored = np.zeros((40, data.STORED, data.STORED), np.uint8)
    stored[:, 28:31, 34:37] = 255
    seen = augment.views(stored, rng, augment.Strength(light=0, camera=0, erase=0))
    place = augment.move(np.tile(np.float32([[[35.5, 29.5]]]), (40, 1, 1)), seen.matrix)[:, 0] * data.SIZE
    y, x = np.mgrid[: data.SIZE, : data.SIZE] + 0.5
    mass = seen.images.astype(float)
    centre = np.stack([(mass * x).sum((1, 2)), (mass * y).sum((1, 2))], 1) / mass.sum((1, 2))[:, None]
    assert np.abs(centre - place).max() < 0.3


def test_roll_turns_with_the_eyes():
    rng = np.random.default_rng(2)
    matrix, flipped = augment.jitter(20, rng, augment.Strength())
    eyes = np.tile(np.float32([[20, 30], [40, 30]]), (20, 1, 1))
    moved = augment.move(eyes, matrix)
    moved[flipped] = moved[flipped][:, ::-1]
    angle = np.rad2deg(np.arctan2(*(moved[:, 1] - moved[:, 0]).T[::-1]))
    assert np.allclose(rows.turn(np.zeros((20, 3)), matrix, flipped)[:, 2], angle, atol=1e-3)


def test_biases_are_added_to_every_members_logits_before_the_temperature():
    torch.manual_seed(0)
    network, bias = Network(Shape(action_units=21)).eval(), [0.5, -0.5, 0.25, 0, 0, -0.25, 0, 0]
    faces = torch.randint(0, 256, (2, 1, 48, 48)).float()
    with torch.no_grad():
        wanted = ((network(faces)["expression"] + torch.tensor(bias)) / 0.8).softmax(-1)
        members = [copy.deepcopy(network) for _ in range(2)]
        shifted = Ensemble(members, [f"AU{k}" for k in range(21)], 0.8, [0.0, 1.0], False).eval()
        shifted.shift(bias)
        expression, members = shifted(faces.to(torch.uint8))[:2]
    assert torch.allclose(expression, wanted, atol=1e-5) and torch.allclose(members[1], wanted, atol=1e-5)


def drawn(seed: int, count: int, temperature: float, bias: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Logits [2, N, 8] of two members, and labels by chance, of which the mean of both, so corrected, tells the truth."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 2, (1, count, 8)) + rng.normal(0, 0.5, (2, count, 8))
    return logits, np.array([rng.choice(8, p=p) for p in calibrate.ensemble_probabilities(logits + bias, temperature)])


def test_temperature_and_biases_are_found_again():
    bias = np.array([0.5, -0.3, 0.2, 0, 0, -0.4, 0.3, -0.3])
    logits, truth = drawn(3, 20000, 1.7, bias)
    temperature, found = calibrate.fit(logits, truth, ridge=0)
    assert temperature == pytest.approx(1.7, rel=0.05) and found == pytest.approx(bias, abs=0.1)
    assert np.abs(calibrate.fit(logits, truth, ridge=100)[1]).max() < 0.01
    assert calibrate.calibration_error(calibrate.ensemble_probabilities(logits + found, temperature), truth) < 0.015


def test_no_face_is_judged_by_a_fit_that_saw_it():
    logits, truth = drawn(4, 400, 1.0, np.zeros(8))
    said = calibrate.cross_validated(logits, truth)
    fold = np.random.default_rng(0).permutation(400) % calibrate.FOLDS
    other = np.where(fold == 3, (truth + 1) % 8, truth)
    again = calibrate.cross_validated(logits, other)
    assert np.array_equal(said[fold == 3], again[fold == 3]) and not np.allclose(said[fold != 3], again[fold != 3])
    assert said.sum(1) == pytest.approx(1)


def test_true_probabilities_have_the_calibration_error_of_sampling():
    logits, truth = drawn(5, 3000, 1.0, np.zeros(8))
    told = calibrate.ensemble_probabilities(logits, 1.0)
    assert calibrate.calibration_error(told, truth) == pytest.approx(calibrate.sampling_error(told), abs=0.006)
    assert calibrate.sampling_error(told[:300]) > 2 * calibrate.sampling_error(told)
    assert calibrate.sampling_error(np.eye(8)) == 0


def test_perfect_answers_score_perfectly():
    truth = np.arange(8).repeat(3)
    scores = metrics.classification(np.eye(8)[truth], truth)
    assert scores["accuracy"] == scores["basicF1"] == scores["meanRecall"] == 1
    assert scores["calibrationError"] == 0


def test_multiply_adds_are_counted():
    shape = Shape(widths=(16, 16), depths=(0, 0), squeeze=False, branch=8, action_units=4)
    with pytest.raises(RuntimeError):
        multiply_adds(Network(shape))  # two stages leave a larger map than the heads expect
    assert multiply_adds(Network(Shape(action_units=21))) < 40e6


def test_finer_maps_start_where_a_network_without_them_was():
    torch.manual_seed(0)
    plain = Network(Shape(action_units=21)).eval()
    finer = Network(Shape(action_units=21, finer=(8, 24))).eval()
    assert not weights.load_matching(finer, plain.state_dict())
    faces = torch.randint(0, 256, (2, 1, 48, 48)).float()
    with torch.no_grad():
        assert torch.allclose(plain(faces)["landmarks"], finer(faces)["landmarks"], atol=1e-6)


def test_the_map_of_places_starts_where_a_network_without_it_was_and_reads_where_it_is_warm():
    torch.manual_seed(0)
    plain = Network(Shape(action_units=21)).eval()
    placed = Network(Shape(action_units=21, heat=8)).eval()
    assert not weights.load_matching(placed, plain.state_dict())
    faces = torch.randint(0, 256, (2, 1, 48, 48)).float()
    with torch.no_grad():
        assert torch.allclose(plain(faces)["landmarks"], placed(faces)["landmarks"], atol=1e-6)
        warm = torch.zeros(2, 68, 12, 12)
        warm[:, :, 3, 7] = 50
        placed.heat.score.register_forward_hook(lambda *_: warm)
        moved = placed(faces)["landmarks"] - plain(faces)["landmarks"]
    assert torch.allclose(moved, torch.tensor([7.5, 3.5]) / 12 - 0.5, atol=1e-5)


def test_turned_faces_are_measured_by_their_eyes_corners():
    landmarks = torch.zeros(1, 68, 2)
    landmarks[:, 42:48, 0] = 0.3
    landmarks[:, 45, 0] = 0.36
    assert losses.eye_distance(landmarks).item() == pytest.approx(0.31)
    landmarks[:, 42:48, 0] = 0.01
    assert losses.eye_distance(landmarks).item() == pytest.approx(0.366 / 3)


def test_a_face_of_its_own_light_reads_the_same_in_another():
    network = Network(Shape(light="face", action_units=21)).eval()
    faces = torch.randint(0, 256, (2, 1, 48, 48)).float()
    with torch.no_grad():
        dim = network(faces * 0.5 + 20)["expression"]
    assert torch.allclose(network(faces)["expression"], dim, atol=1e-2)


def test_rows_come_as_often_as_they_should():
    source = sources.Source(rows.Rows(np.zeros((3, 1, 1), np.uint8), {}), np.array([2.0, 0.5, 0.0]))
    _, index = source.next(10_000, np.random.default_rng(0))
    counts = np.bincount(index, minlength=3)
    assert counts[2] == 0 and counts[0] / counts[1] == pytest.approx(4, rel=0.1)


def test_turned_faces_come_more_often():
    assert np.allclose(sources.turned(np.array([0, -25, 35, -45, 80])), [0, 0, 0.5, 1, 1])


def test_targets_lie_between_the_votes_and_what_the_ensemble_sees(tmp_path, monkeypatch):
    monkeypatch.setenv("MIEN_CACHE", str(tmp_path))
    crops = np.random.default_rng(0).integers(0, 256, (3, data.STORED, data.STORED)).astype(np.uint8)
    votes = np.eye(8, dtype=np.float32)[[1, 2, 3]]
    seen = Chain(MODELS).faces(data.centre(crops).copy())["expression"]
    assert np.allclose(distil.distillation_targets(votes, crops, 0.25, MODELS), 0.75 * votes + 0.25 * seen, atol=1e-5)
    assert len(list(tmp_path.glob("expressions_*.npy"))) == 1


def test_what_is_no_face_stays_none():
    quality = rows.faces_over(0.1, np.array([0.0, 0.9, 0.9]), np.array([1.0, 1.0, 0.0]))
    assert quality == pytest.approx([0, 0.91, 0.1])


def test_points_astray_miss_the_face():
    """Led by them, the crop holds no whole face near its middle at about its size."""
    rng = np.random.default_rng(4)
    template = np.array([[0.317, 0.385], [0.683, 0.385], [0.5, 0.584], [0.349, 0.74], [0.651, 0.74]])
    face = template * 60 + 100
    for _ in range(200):
        seen = crop.apply(crop.similarity(negatives.off_face_points(face, rng), template), face)
        size = np.linalg.norm(seen[0] - seen[1]) / 0.366
        assert not 0.5 < size < 2 or np.abs(seen.mean(0) - template.mean(0)).max() > 0.25


def test_threshold_keeps_the_faces():
    told = {"ferplus": np.linspace(0.2, 1, 1001), "photos": np.linspace(0.1, 1, 1001), "squares": np.full(10, 0.05)}
    threshold = presence.choose(told)
    assert presence.measure(told, threshold)["photos"]["taken"] >= presence.KEPT
    assert presence.measure(told, threshold)["squares"]["taken"] == 0


def test_smoke_chain(tmp_path, monkeypatch):
    monkeypatch.setenv("MIEN_CACHE", str(tmp_path))
    threads = torch.get_num_threads()
    assert smoke.chain(tmp_path, steps=2)["faces"] == 64
    torch.set_num_threads(threads)


@shipped
def test_card_tells_the_file():
    card = json.loads((MODELS / "ensemble.json").read_text())
    assert hashlib.sha256((MODELS / card["file"]).read_bytes()).hexdigest() == card["sha256"]
    assert sorted(card["labels"]) == sorted(data.LABELS)


@shipped
def test_shipped_file_keeps_the_contract():
    chain = Chain(MODELS, Path("none"))
    size, units = chain.size, len(chain.card["actionUnits"])
    faces = np.random.default_rng(0).integers(0, 256, (5, size, size)).astype(np.uint8)
    out = chain.faces(faces)
    shapes = {"expression": (5, 8), "valence_arousal": (5, 2), "action_units": (5, units), "landmarks": (5, 68, 2), "pose": (5, 3)}
    for name, shape in (shapes | {"quality": (5,)}).items():
        assert out[name].shape == shape and out[name].dtype == np.float32
    assert out["members"].shape[1:] == (5, 8)
    assert np.allclose(out["members"].mean(0), out["expression"], atol=1e-5)
    assert np.allclose(out["expression"].sum(1), 1, atol=1e-5)
    one = chain.faces(faces[3:4])
    assert all(np.allclose(one[n][0], out[n][3], atol=1e-3) for n in shapes)


@shipped
@face_data
def test_faces_are_faces():
    chain, faces = some_faces()
    least = chain.card["thresholds"]["face"]
    assert (chain.faces(faces)["quality"] >= least).mean() > 0.95


@shipped
@face_data
def test_mirrored_face_reads_mirrored():
    chain, faces = some_faces()
    out, mirrored = chain.faces(faces), chain.faces(np.ascontiguousarray(faces[:, :, ::-1]))
    apart = lambda a, b: np.abs(a - b).mean()
    assert apart(out["expression"], mirrored["expression"]) < 0.03
    assert apart(out["pose"] * [-1, 1, -1], mirrored["pose"]) < 2
    flipped = mirrored["landmarks"][:, rows.LANDMARK_FLIP] * [-1, 1] + [1, 0]
    assert apart(out["landmarks"], flipped) < 0.01


@shipped
@face_data
@pytest.mark.parametrize("harm", ["blur", "size", "cover"])
def test_quality_falls(harm):
    chain, faces = some_faces()
    means = [chain.faces(np.stack([harmed(face, harm, step) for face in faces]))["quality"].mean() for step in range(4)]
    assert all(b < a for a, b in zip(means, means[1:])), means


def some_faces() -> tuple[Chain, np.ndarray]:
    chain = Chain(MODELS, Path("none"))
    images, _ = data.load_ferplus([data.DATA / "ferplus_valid.npz"])
    crops, _ = data.cut_crops(images[:64], np.zeros((64, 5, 2)), np.zeros(64, bool), chain.template, chain.size)
    return chain, crops


def harmed(face: np.ndarray, harm: str, step: int) -> np.ndarray:
    """`face` uint8 [S, S], worse with every step."""
    if step == 0:
        return face
    size = len(face)
    if harm == "blur":
        return cv2.GaussianBlur(face, (0, 0), 1.0 * step)
    if harm == "size":
        small = cv2.resize(face, (size // (2 * step), size // (2 * step)), interpolation=cv2.INTER_AREA)
        return cv2.resize(small, (size, size))
    face = face.copy()
    face[size - step * size // 5 :] = 128
    return face
