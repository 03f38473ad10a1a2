"""Train one teacher, and write down what it says of every face.

Each seed leaves out one fold of FER+'s training faces, so that of every face there is an answer by a teacher that never saw it."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from ..losses import cross_entropy
from ..strength import Strength
from ..weights import half_precision
from . import augment, shards
from .kit import LARGE, Crops, Kit, accuracies, centre, probabilities
from .loop import Loop, halves
from .rounds import Rounds
from .setting import Setting, result
from .teacher import Teacher, TeacherShape
from .tones import retoned


def teach(setting: Setting, seed: int, seconds: float) -> None:
    """Train the teacher of `seed`; its weights, answers and scores in the work folder."""
    options, name = setting.plan["teacher"], f"teacher-{seed}"
    torch.manual_seed(seed)
    kit = setting.kit()
    folds, fold = options["seeds"], seed - 1
    random = augment.Random(setting.device, seed)
    seen = kit.real(options["views"], options["classes"], LARGE, kit.votes, folds)
    if folds > 1:
        seen = seen.chosen(seen.fold != fold)
    batches = [Batches(seen, options["batch"], random, Strength(**options["augment"]), options)]
    renders = kit.renders(LARGE, options["renderWeight"])
    if renders is not None:
        batches.append(Batches(renders, options["renders"], random, Strength(**options["augment"]), options))
    valid = kit.valid(LARGE)
    loop = Loop(Teacher(TeacherShape(**options["shape"])), options["optimizer"], setting.work / f"{name}.run", setting.device)
    print({"faces": len(seen.crops), "renders": 0 if renders is None else len(renders.crops), "leftOut": fold if folds > 1 else None}, flush=True)

    def step() -> tuple[Tensor, int]:
        parts = [batch.next() for batch in batches]
        images, targets, weights = (torch.cat(values) for values in zip(*parts))
        with half_precision(setting.device):
            logits = loop.network(images.to(memory_format=torch.channels_last))
        return (cross_entropy(logits.float(), targets) * weights).mean(), len(images)

    loop.run(step, setting.left(seconds), setting.plan["every"], lambda: accuracies(probabilities(said_by(loop.average), valid.crops), valid))
    views = [probabilities(said_by(loop.average), centre(kit.view(view, LARGE))) for view in options["asked"]]
    said = torch.stack(views).mean(0).cpu().numpy()
    judged = probabilities(said_by(loop.average), valid.crops)
    np.savez(setting.work / f"{name}.npz", train=said.astype(np.float16), valid=judged.cpu().numpy().astype(np.float16), folds=folds)
    shards.save(setting.work / f"{name}.pt", {"average": halves(loop.average), "shape": options["shape"], "seed": seed, "fold": fold})
    unseen = kit.folds(folds) == fold
    right = said.argmax(1) == kit.votes.argmax(1)
    outside = round(float(right[unseen].mean()), 4) if folds > 1 and unseen.any() else None
    result(setting, name, {"steps": loop.steps, "valid": accuracies(judged, valid), "ofFacesLeftOut": outside})


def said_by(network: Teacher):
    """Faces to logits, as quickly as the device can."""

    def logits(x: Tensor) -> Tensor:
        with half_precision(x.device.type):
            return network.eval()(x.to(memory_format=torch.channels_last)).float()

    return logits


class Batches:
    """Random views of rows, `count` at a time, with mixed-up ones among them (mixup, Zhang et al., 2018)."""

    def __init__(self, rows: Crops, count: int, random: augment.Random, strength: Strength, options: dict):
        self.rows, self.random, self.strength, self.options = rows, random, strength, options
        self.count, self.rounds = min(count, len(rows.crops)), Rounds(rows.often, random)

    @torch.no_grad()
    def next(self) -> tuple[Tensor, Tensor, Tensor]:
        """Images float32 [N, 1, S, S], targets [N, 8], weights [N]."""
        index = self.rounds.next(self.count)
        images = augment.views(self.rows.crops[index], self.strength, self.random).images
        images = retoned(images, self.options["tones"], self.random)
        targets, mixed = self.rows.targets[index], int(self.options["mix"] * self.count)
        if mixed:
            share = self.random.uniform(0.5, 1, mixed)
            other = torch.arange(self.count - 1, self.count - 1 - mixed, -1, device=images.device)
            blended = share[:, None, None, None] * images[:mixed] + (1 - share)[:, None, None, None] * images[other]
            targets = torch.cat([share[:, None] * targets[:mixed] + (1 - share)[:, None] * targets[other], targets[mixed:]])
            images = torch.cat([blended, images[mixed:]])
        return images, targets, self.rows.weights[index]
