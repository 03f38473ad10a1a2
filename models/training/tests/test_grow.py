"""A member that grows says at first what it said; FER+ faces as users' pictures may show them."""

from __future__ import annotations

import copy
import json
from argparse import Namespace
from pathlib import Path

import numpy as np
import pytest
import torch

from training import grow, refit, shift
from training.ensemble import fold
from training.gpu.distil import KEPT, member_loss
from training.gpu.loop import halves
from training.grow import expression_loss, freeze, grown
from training.layers import AddedBlock
from training.narrow import narrowed, weight_gradient
from training.networks import Network, Shape, multiply_adds
from training.weights import half_precision

SHAPE = {"widths": [8, 16, 24, 32], "depths": [0, 1, 1, 1], "finer": [4, 8], "heat": 8}
FACES = torch.from_numpy(np.random.default_rng(3).integers(0, 256, (4, 1, 48, 48)).astype(np.float32))


@pytest.fixture
def state() -> dict:
    """The checkpoint of a small network whose batch norms have seen something."""
    torch.manual_seed(5)
    network = Network(Shape(**SHAPE, action_units=3))
    network.train()
    network(FACES)
    return {"average": network.state_dict(), "member": {"shape": SHAPE}, "units": ["AU1", "AU2", "AU4"]}


def test_a_grown_network_says_what_it_said(state):
    before = Network(Shape(**SHAPE, action_units=3))
    before.load_state_dict(state["average"])
    after = grown(state, (0, 1, 2, 1))
    assert sum(isinstance(layer, AddedBlock) for layer in after.backbone) == 4
    assert multiply_adds(after) > 1.3 * multiply_adds(before)
    with torch.no_grad():
        said, says, folded = before.eval()(FACES), after.eval()(FACES), fold(after)(FACES)
    for name in said:
        torch.testing.assert_close(says[name], said[name])
        torch.testing.assert_close(folded[name], said[name], atol=1e-4, rtol=1e-4)


def test_what_was_added_learns(state):
    network = grown(state, (0, 1, 2, 1)).train()
    network(FACES)["expression"].square().sum().backward()
    blocks = [layer for layer in network.backbone if isinstance(layer, AddedBlock)]
    assert all(block.second[1].weight.grad.abs().max() > 0 for block in blocks)


def test_a_grown_checkpoint_is_gone_on_with(state):
    after = grown(state, (0, 1, 2, 1))
    with torch.no_grad():
        next(layer for layer in after.backbone if isinstance(layer, AddedBlock)).second[1].weight.fill_(0.3)
    later = {**state, "average": after.state_dict(), "member": {"shape": {**SHAPE, "added": [0, 1, 2, 1]}}}
    again = grown(later, (0, 1, 2, 1))
    with torch.no_grad():
        torch.testing.assert_close(again.eval()(FACES)["expression"], after.eval()(FACES)["expression"])


def test_a_grown_members_heads_are_fitted_on_what_it_sees_with_its_blocks(state, tmp_path, monkeypatch):
    after, shape = grown(state, (0, 1, 2, 1)).eval(), {**SHAPE, "added": [0, 1, 2, 1]}
    with torch.no_grad():
        next(layer for layer in after.backbone if isinstance(layer, AddedBlock)).second[1].weight.fill_(0.3)
    torch.save({"average": halves(after), "member": {"name": "wide", "shape": shape}, "units": state["units"]}, tmp_path / "wide.pt")
    (tmp_path / "config.json").write_text(json.dumps({"members": [{"name": "wide", "seed": 1, "shape": SHAPE}]}))
    seen = []
    monkeypatch.setattr(refit, "open_rows", lambda *_: {})
    monkeypatch.setattr(refit, "refit", lambda network, *_: seen.append(network(FACES)["landmarks"].detach()))
    refit.run(Namespace(config=tmp_path / "config.json", member=None, init=tmp_path, runs=tmp_path / "runs", ridge=0.0, threads=1))
    with torch.no_grad():
        torch.testing.assert_close(seen[0], after(FACES)["landmarks"], atol=1e-2, rtol=1e-2)
    assert "backbone.5.first.0.weight" in torch.load(tmp_path / "runs" / "wide.pt", weights_only=True)["average"]


def test_the_expressions_loss_alone_is_that_of_a_whole_step_without_the_other_heads(state):
    network = grown(state, (0, 1, 2, 1)).eval()
    targets, weights = torch.rand(len(FACES), 8).softmax(1), torch.tensor([1.0, 1.0, 0.0, 1.0])
    alone = expression_loss(network, FACES, targets, weights)
    whole = member_loss(network, grown(state, (0, 1, 2, 1)).eval(), FACES, targets, weights, dict.fromkeys(KEPT, 0.0))
    torch.testing.assert_close(alone, whole)
    assert alone > 0.5


@pytest.mark.parametrize(("side", "stride"), [(3, 1), (6, 2), (5, 2)])
def test_a_gradient_as_one_product_is_that_of_the_convolution(side, stride):
    torch.manual_seed(2)
    x, kernels = torch.randn(4, 6, side, side), torch.randn(5, 6, 3, 3, requires_grad=True)
    seen = torch.nn.functional.conv2d(x, kernels, None, stride, 1)
    pull = torch.randn_like(seen)
    (expected,) = torch.autograd.grad(seen, kernels, pull)
    torch.testing.assert_close(weight_gradient(x, pull, 3, stride, 1), expected, atol=1e-4, rtol=1e-4)


def test_a_network_whose_small_maps_learn_by_products_learns_the_same(state):
    network = grown(state, (0, 1, 2, 1))
    same = narrowed(copy.deepcopy(network))
    pulls = []
    for each in (network, same):
        each.train()
        each.drop.p = 0.0
        with half_precision("cpu"):
            said = each(FACES)["expression"]
        said.square().sum().backward()
        pulls.append({name: p.grad for name, p in each.named_parameters() if p.grad is not None})
    assert pulls[0].keys() == pulls[1].keys()
    for name, pull in pulls[0].items():
        assert (pulls[1][name] - pull).norm() <= 0.05 * pull.norm() + 1e-4, name


@pytest.fixture
def pictures() -> np.ndarray:
    y, x = np.mgrid[:48, :48]
    return np.stack([128 + 100 * np.sin(x / wide) * np.cos(y / wide) for wide in (1.5, 2.5, 4.0)]).astype(np.uint8)


def edges(images: np.ndarray) -> float:
    return float(np.abs(np.diff(images.astype(float), axis=2)).mean() + np.abs(np.diff(images.astype(float), axis=1)).mean())


def test_a_shift_is_the_same_each_time_and_does_what_its_name_says(pictures):
    seen = {name: shift.shifted(pictures, change) for name, change in shift.JUDGED.items()}
    for name, change in shift.JUDGED.items():
        assert np.array_equal(seen[name], shift.shifted(pictures, change))
        assert not np.array_equal(seen[name], shift.shifted(pictures, change, seed=1))
    assert edges(seen["filmBlur"]) < 0.85 * edges(pictures)
    assert seen["dark"].mean() < 0.4 * pictures.mean()
    assert seen["tight"].shape == (3, 36, 36)
    assert np.abs(seen["compressed"].astype(int) - pictures).mean() > 2
    assert shift.shifted(pictures, shift.degraded).shape == pictures.shape


def test_the_grown_member_is_of_both_configurations_and_can_be_gone_on_with():
    folder = Path(grow.__file__).parent
    member = next(member for member in json.loads((folder / "config.json").read_text())["members"] if member["name"] == "wide")
    began = torch.load(folder / "checkpoints" / "wide.pt", map_location="cpu", weights_only=True)
    assert began["member"]["shape"] == member["shape"]
    network = grown(began, tuple(json.loads((folder / "config.grown.json").read_text())["added"]["wide"]))
    assert multiply_adds(network) == 73_381_504
    blocks = [layer for layer in network.backbone if isinstance(layer, AddedBlock)]
    assert len(blocks) == 4
    assert all(block.second[1].weight.abs().max() > 0.01 for block in blocks)


def test_frozen_stages_neither_learn_nor_change_their_statistics(state):
    network = grown(state, (0, 0, 2, 1))
    freeze(network, 2)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    network.train()
    network(FACES)["expression"].square().sum().backward()
    end = network.ends[1] + 1
    assert all(p.grad is None for layer in network.backbone[:end] for p in layer.parameters())
    assert all(p.grad is not None for p in network.backbone[end].parameters())
    moved = {name for name, value in network.state_dict().items() if not torch.equal(value, before[name])}
    assert moved and not any(int(name.split(".")[1]) < end for name in moved if name.startswith("backbone."))
