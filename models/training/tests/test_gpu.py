"""Augmentation on the device does what the processor's does: labels stay with the pixels, and as much is done to them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from training import augment, data, rows, sources
from training.gpu import augment as device
from training.gpu import rows as device_rows
from training.gpu.rows import DeviceSource, moved

PLAIN = augment.Strength(light=0, camera=0, erase=0)


def test_points_move_with_the_pixels():
    stored = torch.zeros(40, data.STORED, data.STORED, dtype=torch.uint8)
    stored[:, 28:31, 34:37] = 255
    seen = device.views(stored, PLAIN, device.Random("cpu", 1))
    place = device.move(torch.tensor([[[35.5, 29.5]]]).repeat(40, 1, 1), seen.matrix)[:, 0] * data.SIZE
    y, x = torch.meshgrid(torch.arange(data.SIZE) + 0.5, torch.arange(data.SIZE) + 0.5, indexing="ij")
    mass = seen.images[:, 0]
    centre = torch.stack([(mass * x).sum((1, 2)), (mass * y).sum((1, 2))], 1) / mass.sum((1, 2))[:, None]
    assert (centre - place).abs().max() < 0.3


def test_a_warp_is_the_processors_warp():
    rng = np.random.default_rng(2)
    crops = rng.integers(0, 256, (12, data.STORED, data.STORED)).astype(np.uint8)
    matrix, _ = augment.jitter(12, rng, PLAIN)
    inverse = np.linalg.inv(matrix[:, :, :2])
    back = np.concatenate([inverse, -inverse @ matrix[:, :, 2:]], -1).astype(np.float32)
    mine = device.warp(torch.from_numpy(crops)[:, None].float(), torch.from_numpy(back), data.SIZE)
    assert np.abs(mine[:, 0].numpy() - augment._warp(crops, back, data.SIZE)).max() <= 1


def test_labels_move_as_the_processors_do():
    rng = np.random.default_rng(3)
    count = 30
    matrix, flipped = augment.jitter(count, rng, augment.Strength())
    seen = augment.Views(np.zeros((count, 1, 1)), matrix, flipped, rng.random(count).astype(np.float32), 0.3 * rng.random(count).astype(np.float32))
    values = {"landmarks": rng.uniform(0, 60, (count, 68, 2)), "five": rng.uniform(0, 60, (count, 5, 2)), "pose": rng.normal(0, 20, (count, 3))}
    values |= {"action_units": rng.random((count, 2)), "visibility": rng.random((count, 68)), "quality": rng.random(count).round(1)}
    values = {name: v.astype(np.float32) for name, v in values.items()}
    original = augment.views
    try:
        augment.views = lambda *_: augment.Views(np.zeros((count, 48, 48), np.uint8), *(getattr(seen, k) for k in ("matrix", "flipped", "degraded", "covered")))
        _, expected, _ = rows.batch(rows.Rows(np.zeros((count, 60, 60), np.uint8), values), np.arange(count), rng, None, [1, 0])
    finally:
        augment.views = original
    put = lambda v: torch.from_numpy(np.asarray(v))
    mine = device.Views(torch.zeros(1), put(matrix).float(), put(flipped), put(seen.degraded), put(seen.covered))
    got = moved({name: put(v) for name, v in values.items()}, mine, [1, 0])
    for name in values:
        assert torch.allclose(got[name].float(), expected[name], atol=1e-4), name


@pytest.mark.parametrize("kind", ["degraded", "covered"])
def test_as_much_is_done_to_a_view(kind):
    """Means and spreads over 4,000 views agree with those of the processor's within a few standard errors."""
    rng = np.random.default_rng(4)
    count = 4000
    crops = rng.integers(0, 256, (count, data.STORED, data.STORED)).astype(np.uint8)
    strength = augment.Strength(light=0.5, camera=0.5, erase=0.5)
    theirs = augment.views(crops[:1000], rng, strength)
    mine = device.views(torch.from_numpy(crops), strength, device.Random("cpu", 4))
    a, b = getattr(theirs, kind), getattr(mine, kind).numpy()
    assert abs(a.mean() - b.mean()) < 4 * (a.std() / len(a) ** 0.5 + b.std() / len(b) ** 0.5)
    assert a.std() == pytest.approx(b.std(), rel=0.15)


def test_resolution_blur_and_noise_take_away_or_add_what_they_should():
    face = torch.rand(64, 1, data.SIZE, data.SIZE) * 255
    wide = torch.full((64,), 3.0)
    assert device.blur(face, wide).var() < face.var() / 20
    assert torch.allclose(device.blur(face, torch.full((64,), 0.01)), face, atol=1e-3)
    assert torch.allclose(device.coarse(face, torch.full((64,), float(data.SIZE))), face, atol=1e-2)
    assert device.coarse(device.blur(face, wide), torch.full((64,), 8.0)).var() < face.var() / 10


def test_rows_come_as_often_as_they_should():
    count = 200
    source = DeviceSource(
        rows.Rows(np.zeros((count, data.STORED, data.STORED), np.uint8), {"quality": np.ones(count, np.float32)}, {"quality": np.ones(count, np.float32)}),
        np.where(np.arange(count) < 100, 2.0, 0.5), "cpu", device.Random("cpu", 5),
    )  # fmt: skip
    drawn = torch.cat([source.next(100) for _ in range(250)])
    often = torch.bincount(drawn, minlength=count).float()
    assert often[:100].sum() / often.sum() == pytest.approx(0.8, abs=0.01)
    images, labels, weights = source.batch(8, augment.Strength(), [])
    assert images.shape == (8, 1, data.SIZE, data.SIZE) and images.min() >= 0 and images.max() <= 255
    assert labels["quality"].shape == weights["quality"].shape == (8,)


def test_a_batch_drawn_on_the_device_is_laid_out_as_the_processors():
    rng = np.random.default_rng(6)
    real = rows.Rows(rng.integers(0, 256, (20, data.STORED, data.STORED)).astype(np.uint8), {"expression": np.eye(8, dtype=np.float32)[np.arange(20) % 8]})
    real.weights = {"expression": np.ones(20, np.float32)}
    photo = rows.Rows(real.crops, {"pose": np.zeros((20, 3), np.float32)}, {"pose": np.ones(20, np.float32)})
    opened = {"real": sources.Source(real), "photos": sources.Source(photo)}
    phase, member = {"real": 6, "photos": 4}, {"augment": {}, "mix": 0.5}
    theirs = sources.draw(opened, phase, member, ["AU1"], rng)
    mine = device_rows.draw(device_rows.on_device(opened, "cpu", 1), phase, member, ["AU1"], rng)
    assert mine[0].shape == theirs[0].shape
    for a, b in zip(mine[1:], theirs[1:]):
        assert {name: v.shape for name, v in a.items()} == {name: v.shape for name, v in b.items()}
    assert mine[2]["pose"].tolist() == [0] * 6 + [1] * 4
