"""`python -m training refit`: fit the appearance heads of trained members anew, on real faces and renders.

The members' features stay as they are, so that expressions, valence, arousal, quality and visibility do not change; only
the last linear layers of landmarks, pose and action units do. Real faces carry the second teacher's labels
(`landmarker/rows.py`), renders their own: of what the teacher does not see, the renders' alone count. Each layer is the
least-squares (landmarks, pose) or least-cross-entropy (action units) solution near the present weights: ridge regression
of what is left to explain.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .augment import Strength
from .data import DATA
from .landmarker.rows import ferplus_rows, photo_rows
from .networks import Network
from .rows import Rows, batch, mirrored_units
from .synthetic import synthetic_rows
from .weights import restored

HERE = Path(__file__).parent
VIEWS = {"ferplus": 2, "photos": 4, "renders": 1}  # random views of each row
RENDERED = 0.3  # weight of a rendered face, of a real one 1
RIDGE = 3e-4  # of the mean square of the features: how strongly the present weights are kept
STRENGTH = Strength(scale=0.06, rotation=6.0, shift=0.03, light=0.4, camera=0.2, erase=0.05, far=0.2)  # as along a track
REFITTED = ("landmarks", "pose", "action_units")
STEP = 250  # faces looked at together


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", type=Path, default=HERE / "config.json")
    parser.add_argument("--member", help="fit this member only (default: all, one after the other)")
    parser.add_argument("--init", type=Path, default=HERE / "checkpoints", help="folder of the members to fit")
    parser.add_argument("--runs", type=Path, default=HERE / "runs", help="folder of the fitted members")
    parser.add_argument("--data", type=Path, default=DATA, help="folder of the data (default: ../../shared/data)")
    parser.add_argument("--synthetic", type=Path, default=HERE / "cache" / "synth")
    parser.add_argument("--most", type=int, help="the first so many of FER+'s training pictures (default: all)")
    parser.add_argument("--ridge", type=float, default=RIDGE, help="(default: %(default)s)")
    parser.add_argument("--threads", type=int, default=1)


def run(args: argparse.Namespace) -> None:
    config = json.loads(args.config.read_text())
    torch.set_num_threads(args.threads)
    args.runs.mkdir(parents=True, exist_ok=True)
    rows = open_rows(config, args)
    for member in (m for m in config["members"] if args.member in (None, m["name"])):
        state = torch.load(args.init / f"{member['name']}.pt", map_location="cpu", weights_only=True)
        network = restored(state).eval()
        refit(network, rows, state["units"], args.ridge, member["seed"])
        torch.save(state | {"average": network.state_dict()}, args.runs / f"{member['name']}.pt")


def open_rows(config: dict, args: argparse.Namespace) -> dict[str, Rows]:
    """Rows of all sources, by name."""
    template, units = config["crop"]["template"], config["actionUnits"]
    rows = {"ferplus": ferplus_rows(template, units, args.data, args.most), "photos": photo_rows(template, units, args.data)}
    return rows | {"renders": synthetic_rows(args.synthetic, template, units, HERE.parent)}


def refit(network: Network, rows: dict[str, Rows], units: list[str], ridge: float, seed: int) -> None:
    """Fit the heads of `network` in place; how much is left to explain before and after is printed."""
    features, labels, left, weight = gather(network, rows, units, np.random.default_rng(seed))
    for name in ("landmarks", "pose"):
        solve(network.heads[name], features, left[name], weight, ridge, name)
    descend(network.heads["action_units"], features, labels["action_units"], weight, ridge)


@torch.no_grad()
def gather(network: Network, rows: dict[str, Rows], units: list[str], rng: np.random.Generator):
    """Of random views of all rows: features [N, D]; labels by name; what the present heads leave to explain [N, ...], nan
    where there is no label; weights [N]."""
    flip, parts = mirrored_units(units), []
    for source, part in rows.items():
        for index in np.array_split(np.tile(np.arange(len(part)), VIEWS[source]), max(1, VIEWS[source] * len(part) // STEP)):
            images, labels, weights = batch(part, index, rng, STRENGTH, flip)
            known = weights["landmarks"] * (RENDERED if source == "renders" else 1.0)
            parts.append(look(network, images, labels, known))
    return tuple(merged([part[k] for part in parts]) for k in range(4))


def look(network: Network, images: Tensor, labels: dict[str, Tensor], weight: Tensor):
    """One batch's share of `gather`."""
    maps = network.maps_of(images[:, None].float())
    both = network.features(maps)
    out = network.answers(both, maps)
    left = {name: (labels[name] - out[name]).flatten(1) for name in ("landmarks", "pose")}
    return both, {"action_units": labels["action_units"]}, left, weight


def merged(parts: list):
    """Tensors, or dictionaries of tensors, joined along the first axis."""
    if isinstance(parts[0], dict):
        return {name: torch.cat([part[name] for part in parts]) for name in parts[0]}
    return torch.cat(parts)


def with_bias(features: Tensor) -> Tensor:
    return torch.cat([features, torch.ones(len(features), 1)], 1)


@torch.no_grad()
def solve(head: nn.Linear, features: Tensor, left: Tensor, weight: Tensor, ridge: float, name: str) -> None:
    """Add to `head` what explains `left` [N, K] best, columns that lack the same rows together; one that has none is kept."""
    inputs = with_bias(features).double()
    keep = torch.eye(inputs.shape[1], dtype=torch.float64) * ridge * len(inputs) * inputs.square().mean()
    keep[-1, -1] = 0  # the bias is free
    patterns, which = left.isnan().T.unique(dim=0, return_inverse=True)
    for k, missing in enumerate(patterns):
        seen, columns = ~missing, which == k
        if not seen.any():
            continue
        x, y, w = inputs[seen], left[seen][:, columns].double(), weight[seen, None].double()
        change = torch.linalg.solve(x.T @ (w * x) + keep, x.T @ (w * y))
        head.weight[columns] += change[:-1].T.float()
        head.bias[columns] += change[-1].float()
        before, after = ((w * e.abs()).mean() / w.mean() for e in (y, y - x @ change))
        print(f"{name}: {int(columns.sum())} values, mean distance {before:.4f}, then {after:.4f}", flush=True)


def descend(head: nn.Linear, features: Tensor, target: Tensor, weight: Tensor, ridge: float) -> None:
    """Fit `head` to the intensities `target` [N, K] by the cross entropy, near its present weights."""
    start = head.weight.detach().clone()
    seen, goal = ~target.isnan(), target.nan_to_num()
    factor = seen * weight[:, None] / (seen * weight[:, None]).sum(0)
    scale = ridge * features.square().mean()
    optimizer = torch.optim.LBFGS(head.parameters(), max_iter=60, history_size=12, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimizer.zero_grad()
        errors = F.binary_cross_entropy_with_logits(head(features), goal, reduction="none")
        value = (errors * factor).sum() + scale * (head.weight - start).square().sum()
        value.backward()
        return value

    before = float(loss().detach())
    optimizer.step(loss)
    print(f"action units: cross entropy {before / target.shape[1]:.4f}, then {float(loss().detach()) / target.shape[1]:.4f}", flush=True)
