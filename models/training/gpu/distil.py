"""Train one shipped member on: its expressions follow what people voted and what the teachers say, and everything else that it
tells stays as it is, because its own weights from before say it of the very same view."""

from __future__ import annotations

import copy
import json

import numpy as np
import torch
from torch import Tensor

from .. import losses
from ..layout import STORED
from ..networks import Network
from ..strength import Strength
from ..weights import half_precision, restored
from . import augment
from .kit import Crops, Kit, accuracies, probabilities
from .loop import Loop, halves
from .rounds import Rounds
from .setting import TRAINING, Setting, result

KEPT = ("valence_arousal", "landmarks", "pose", "action_units", "visibility", "quality")
AS_SHARES = ("action_units", "visibility", "quality")  # logits, whose losses want shares


def distil(setting: Setting, name: str, seconds: float) -> None:
    """Train the member called `name` from the shipped checkpoint on; its compact checkpoint and scores in the work folder."""
    options = setting.plan["members"]
    config = json.loads((TRAINING / "config.json").read_text())
    member = next(member for member in config["members"] if member["name"] == name)
    began = torch.load(TRAINING / "checkpoints" / f"{name}.pt", map_location="cpu", weights_only=True)
    torch.manual_seed(member["seed"])
    kit = setting.kit()
    targets, teachers = targets_of(setting, kit, options)
    network = restored(began)
    kept = copy.deepcopy(network).eval().to(setting.device, memory_format=torch.channels_last)
    loop = Loop(network, options["optimizer"], setting.work / f"{name}.run", setting.device)
    random = augment.Random(setting.device, member["seed"])
    sources = opened(kit, options, targets, random)
    valid = kit.valid(STORED)
    before = probabilities(said_by(kept), valid.crops)
    print({"teachers": teachers, "rows": {kind: len(rows.crops) for kind, (rows, _) in sources.items()}, "before": accuracies(before, valid)}, flush=True)
    strengths = {kind: Strength(**(member["augment"] | options["augment"].get(kind, {}))) for kind in sources}
    scale = member["losses"] | options["losses"]

    def step() -> tuple[Tensor, int]:
        images, wanted, weights = drawn(sources, options["batch"], strengths, random)
        return member_loss(loop.network, kept, images, wanted, weights, scale), len(images)

    loop.run(step, setting.left(seconds), setting.plan["every"], lambda: accuracies(probabilities(said_by(loop.average), valid.crops), valid))
    after = probabilities(said_by(loop.average), valid.crops)
    torch.save({"average": halves(loop.average), "member": {**member, "shape": began["member"]["shape"]}, "units": began["units"]}, setting.work / f"{name}.pt")
    np.savez(setting.work / f"{name}.npz", before=before.cpu().numpy(), after=after.cpu().numpy(), labels=valid.labels.cpu().numpy())
    result(setting, name, {"steps": loop.steps, "teachers": teachers, "before": accuracies(before, valid), "after": accuracies(after, valid)})


def targets_of(setting: Setting, kit: Kit, options: dict) -> tuple[np.ndarray, int]:
    """What each face of FER+'s training is to be, [N, 8]: votes, with a share of what the teachers say; and how many there are."""
    paths = sorted(setting.work.glob("teacher-*.npz"))
    if not paths:
        return kit.votes, 0
    files = [np.load(path) for path in paths]
    said = np.stack([file["train"].astype(np.float32) for file in files])
    fold = np.array([int(path.stem.split("-")[1]) - 1 for path in paths])
    return blended(kit.votes, said, fold, kit.folds(int(files[0]["folds"])), options["share"], options["unseen"]), len(paths)


def blended(votes: np.ndarray, said: np.ndarray, left_out: np.ndarray, folds: np.ndarray, share: float, unseen: float) -> np.ndarray:
    """`votes` [N, 8], with `share` of them replaced by what teachers `said` [T, N, 8]: `unseen` of that by the teacher whose
    `left_out` [T] fold the face's (`folds` [N]) is, the rest by the mean of all. Where there is no such teacher, by the mean."""
    mean = said.mean(0)
    answer = mean.copy()
    for teacher, fold in enumerate(left_out):
        mine = folds == fold
        answer[mine] = unseen * said[teacher, mine] + (1 - unseen) * mean[mine]
    return ((1 - share) * votes + share * answer).astype(np.float32)


def opened(kit: Kit, options: dict, targets: np.ndarray, random: augment.Random) -> dict[str, tuple[Crops, Rounds]]:
    """The rows by their kind."""
    found = {"real": kit.real(options["views"], options["classes"], STORED, targets, 1)}
    found |= {"renders": kit.renders(STORED, options["renderWeight"]), "other": kit.other()}
    return {kind: (rows, Rounds(rows.often, random)) for kind, rows in found.items() if rows is not None and options["batch"].get(kind)}


@torch.no_grad()
def drawn(sources: dict, batch: dict[str, int], strengths: dict[str, Strength], random: augment.Random) -> tuple[Tensor, Tensor, Tensor]:
    """Random views float32 [N, 1, S, S] of the next rows of each kind, their targets [N, 8] and weights [N]."""
    parts = []
    for kind, (rows, rounds) in sources.items():
        index = rounds.next(min(batch[kind], len(rows.crops)))
        images = augment.views(rows.crops[index], strengths[kind], random).images
        parts.append((images, rows.targets[index], rows.weights[index]))
    return tuple(torch.cat(values) for values in zip(*parts))


def member_loss(network: Network, kept: Network, images: Tensor, targets: Tensor, weights: Tensor, scale: dict[str, float]) -> Tensor:
    """The expression's loss against `targets`, and every other head's against what the network `kept` says."""
    x = images.to(memory_format=torch.channels_last)
    with half_precision(images.device.type):
        out = network(x)
        with torch.no_grad():
            labels = kept(x)
    labels = {name: (labels[name].sigmoid() if name in AS_SHARES else labels[name]).float() for name in KEPT} | {"expression": targets}
    total = images.new_zeros(())
    for name, (weight, loss) in losses.LOSSES.items():
        if name in labels:
            rows = loss(out, labels[name])
            total = total + weight * scale.get(name, 1.0) * (rows * weights if name == "expression" else rows).mean()
    return total


def said_by(network: Network):
    """Faces to logits of the expression, in single precision as the file computes them."""
    return lambda x: network.eval()(x.to(memory_format=torch.channels_last))["expression"].float()
