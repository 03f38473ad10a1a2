"""`python -m training grow`: put blocks into a trained member and train it on, by the clock.

The network at first says what it said (`layers.AddedBlock`). Its expressions then learn from people's votes and from what
teachers say (`teachers.py`, where they were asked; else the shipped ensemble); all else that it tells it learns from its own
weights before, of the very same view (`gpu/distil.py`). SIGTERM ends a run after a checkpoint, and the same command goes on from it. What
a later run is to start from is the compact checkpoint that it leaves: `--init FOLDER`.
"""

from __future__ import annotations

import argparse
import json
import types
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from . import rows as R
from .data import DATA, centre, ferplus_crops
from .faces import NOTHING
from .gpu.distil import KEPT, member_loss
from .gpu.loop import Loop, halves
from .layers import AddedBlock, to_single
from .losses import cross_entropy
from .narrow import narrowed
from .negatives import other_rows
from .networks import Network, multiply_adds
from .sources import SHIPPED, Source
from .strength import Strength
from .teachers import said_of_training
from .weights import half_precision, load_matching, predict, restored

HERE = Path(__file__).parent


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", type=Path, default=HERE / "config.json")
    parser.add_argument("--grown", type=Path, default=HERE / "config.grown.json", help="how the member grows and learns")
    parser.add_argument("--member", required=True, help="its name")
    parser.add_argument("--init", type=Path, default=HERE / "checkpoints", help="folder of the member, or of its grown one, to start from")
    parser.add_argument("--runs", type=Path, default=HERE / "runs")
    parser.add_argument("--data", type=Path, default=DATA, help="folder of the data (default: ../../shared/data)")
    parser.add_argument("--minutes", type=float, required=True, help="the rate falls to nothing over so many")
    parser.add_argument("--rate", type=float, help="first rate (default: the configuration's)")
    parser.add_argument("--threads", type=int, default=1)


def run(args: argparse.Namespace) -> None:
    torch.set_num_threads(args.threads)
    config, options = (json.loads(path.read_text()) for path in (args.config, args.grown))
    member = next(member for member in config["members"] if member["name"] == args.member)
    began = torch.load(args.init / f"{args.member}.pt", map_location="cpu", weights_only=True)
    network = grown(began, tuple(options["added"][args.member]))
    kept = restored(began).eval()
    if args.rate:
        options["optimizer"]["rate"] = args.rate
    args.runs.mkdir(parents=True, exist_ok=True)
    loop = Loop(network, options["optimizer"], args.runs / f"grown-{args.member}.run", "cpu")
    draw = Draws(config, options, args, np.random.default_rng([member["seed"], loop.steps]))
    print({"multiplyAdds": multiply_adds(network), "rows": {kind: len(source.rows) for kind, source in draw.sources.items()}}, flush=True)

    narrowed(loop.network)
    freeze(loop.network, options["frozen"])
    often = options["whole"]
    scale = {name: often * options["losses"].get(name, 1.0) for name in KEPT}

    def step() -> tuple[Tensor, int]:
        images, targets, weights = draw.batch()
        whole = loop.steps % often == 0
        loss = member_loss(loop.network, kept, images, targets, weights, scale) if whole else expression_loss(loop.network, images, targets, weights)
        return loss, len(images)

    judged = []

    def judge() -> dict:
        """On validation at the parts of the run that `options` names, and in the end."""
        due = [part for part in [*options["judged"], 1.0] if part <= loop.progress and part not in judged]
        judged.extend(due)
        return accuracy(loop.average, config, args.data) if due else {}

    loop.run(step, 60 * args.minutes, options["every"], judge)
    shape = {**member["shape"], "added": list(network.shape.added)}
    torch.save({"average": halves(loop.average), "member": {**member, "shape": shape}, "units": began["units"]}, args.runs / f"{args.member}.pt")


def freeze(network: Network, stages: int) -> None:
    """Leave the first `stages` stages as they are, with the statistics that they normalise by: nothing is computed backwards
    through their maps, which are the largest. What was just put into them would stay at zero: put blocks behind them."""
    for layer in network.backbone[: network.ends[stages - 1] + 1] if stages else ():
        layer.requires_grad_(False).eval()
        for module in layer.modules():
            module.train = types.MethodType(lambda self, mode=True: self, module)


def expression_loss(network: Network, images: Tensor, targets: Tensor, weights: Tensor) -> Tensor:
    """The expression's loss alone: what the other heads would cost, a third of a step, is left out."""
    with half_precision(images.device.type):
        both = network.features(network.maps_of(images.to(memory_format=torch.channels_last)))
        logits = network.heads["expression"](both)
    return (cross_entropy(to_single(logits), targets) * weights).mean()


def grown(state: dict, added: tuple[int, ...]) -> Network:
    """The network of a compact checkpoint with blocks `added` behind each stage; one that has them already as it is."""
    before = restored(state)
    if tuple(before.shape.added) == added:
        return before
    after = Network(replace(before.shape, added=added))
    load_matching(after, {name: value for name, value in before.state_dict().items() if not name.startswith("backbone.")})
    taken = [layer for layer in after.backbone if not isinstance(layer, AddedBlock)]
    for old, new in zip(before.backbone, taken, strict=True):
        new.load_state_dict(old.state_dict())
    return after


class Draws:
    """Random views of FER+'s training faces and of other pictures, a fixed number of each at a time."""

    def __init__(self, config: dict, options: dict, args: argparse.Namespace, rng: np.random.Generator):
        template, detector = config["crop"]["template"], SHIPPED / "detector.onnx"
        finders = {"landmarks": SHIPPED, "detector": detector, "whole": NOTHING}
        said, parts, often = said_of_training(template, args.data), [], []
        for name, share in options["views"].items():
            rows = R.ferplus_rows(ferplus_crops("train", template, finders[name], args.data))
            often.append(share * R.sampling_rates(rows, options["classes"]))
            rows.labels["expression"] = ((1 - options["share"]) * rows.labels["expression"] + options["share"] * said).astype(np.float32)
            parts.append(rows)
        self.sources = {"real": Source(R.joined(parts), np.concatenate(often))}
        if options["batch"].get("other"):
            self.sources["other"] = Source(other_rows(template, detector, args.data))
        self.counts, self.strength, self.rng = options["batch"], Strength(**options["augment"]), rng
        self.flip = R.mirrored_units(config["actionUnits"])

    def batch(self) -> tuple[Tensor, Tensor, Tensor]:
        """Images float32 [N, 1, S, S], targets [N, 8] of the expression with weights [N], 0 where there is none."""
        images, targets, weights = [], [], []
        for kind, source in self.sources.items():
            seen, labels, _ = R.batch(*source.next(self.counts[kind], self.rng), self.rng, self.strength, self.flip)
            images.append(seen[:, None].float())
            targets.append(labels.get("expression", torch.full((len(seen), 8), 1 / 8)))
            weights.append(torch.full((len(seen),), float("expression" in labels)))
        return torch.cat(images), torch.cat(targets), torch.cat(weights)


def accuracy(network: Network, config: dict, data: Path) -> dict:
    """On FER+ validation, all rows, fixed crops, without and with mirror images."""
    rows = R.ferplus_rows(ferplus_crops("valid", config["crop"]["template"], SHIPPED, data))
    faces, truth = centre(rows.crops), rows.labels["expression"].argmax(1)
    plain, mirrored = (predict(network, part)["expression"] for part in (faces, faces[:, :, ::-1]))
    share = lambda logits: round(float((logits.argmax(1) == truth).mean()), 4)
    return {"accuracy": share(plain), "mirrored": share(plain + mirrored)}
