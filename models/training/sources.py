"""What training draws its batches from: FER+, renders, photos with the second teacher's labels, and other pictures, each in
rounds of its own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from . import rows as R
from .augment import Strength
from .data import ferplus_crops, protocol
from .distil import distillation_targets
from .faces import NOTHING
from .landmarker import rows as landmarker

SHIPPED = Path(__file__).parents[1]
KINDS = ("real", "synthetic", "photos", "other")


class Source:
    """Rows drawn in random order; each comes `often` times a round (default: once), fractions by chance."""

    def __init__(self, rows: R.Rows, often: np.ndarray | None = None):
        self.rows, self.order = rows, np.empty(0, int)
        self.often = np.ones(len(rows)) if often is None else often

    def next(self, count: int, rng: np.random.Generator) -> tuple[R.Rows, np.ndarray]:
        while len(self.order) < count:
            times = np.floor(self.often + rng.random(len(self.often))).astype(int)
            self.order = np.concatenate([self.order, rng.permutation(np.repeat(np.arange(len(times)), times))])
        index, self.order = self.order[:count], self.order[count:]
        return self.rows, index


def open_sources(config: dict, args, detector: Path) -> dict[str, Source | R.Rows]:
    """The rows that the phases ask for, and FER+'s validation rows where they are there."""
    template, sources = config["crop"]["template"], {}
    finder = SHIPPED if "landmarks" in config.get("views", {}) else detector  # as along a track of the server
    wanted = {kind for kind in KINDS if any(phase.get(kind) for phase in config["phases"])}
    if "real" in wanted:
        sources["real"] = real_source(config, args, detector)
    if (args.data / "ferplus_valid.npz").exists():
        sources["valid"] = R.ferplus_rows(ferplus_crops("valid", template, finder, args.data))
    if "synthetic" in wanted:
        from .synthetic import synthetic_rows

        rows = synthetic_rows(args.synthetic, template, config.get("actionUnits", []), finder)
        rows.weights["expression"] *= config.get("syntheticExpression", 1.0)
        sources["synthetic"] = Source(rows, 1 + config.get("turned", 0.0) * turned(rows.labels["pose"][:, 0]))
    if "photos" in wanted:
        sources["photos"] = Source(landmarker.photo_rows(template, config.get("actionUnits", []), args.data))
    if "other" in wanted:
        from .negatives import other_rows

        sources["other"] = Source(other_rows(template, detector, args.data))
    return sources


def turned(yaw: np.ndarray) -> np.ndarray:
    """How far faces are turned away, from `yaw` [N] in degrees: 0 up to 25, 1 from 45 on."""
    return np.clip((np.abs(yaw) - 25) / 20, 0, 1)


def real_source(config: dict, args, detector: Path) -> Source:
    """FER+ cut, as often as `views` says, by the second teacher's points, by the landmarks that the shipped ensemble sees (as
    along a track), where detectors find the face, and as whole pictures: what is left for the crop after a poor detection,
    or none. With `landmarker` every view has the second teacher's landmarks, pose and action units, where it is sure."""
    finders = {"landmarks": SHIPPED, "detector": detector, "teacher": args.data / config["teacher"], "whole": NOTHING}
    parts, often, target = [], [], None
    for name, share in config.get("views", {"detector": 1.0, "whole": 1.0}).items():
        rows = view(name, finders, config, args)
        if config.get("distil"):
            # The first view's pictures are the best cut: what is seen in them is the target of all.
            target = distillation_targets(rows.labels["expression"], rows.crops, config["distil"], SHIPPED) if target is None else target
            rows.labels["expression"] = target
        parts.append(rows)
        often.append(share * R.sampling_rates(rows, config.get("classes", {})))
    return Source(R.joined(parts), np.concatenate(often))


def view(name: str, finders: dict[str, Path], config: dict, args) -> R.Rows:
    """FER+'s training faces cut in one way."""
    template, units = config["crop"]["template"], config.get("actionUnits", [])
    if name == "landmarker":
        return landmarker.ferplus_rows(template, units, args.data)
    cached = ferplus_crops("train", template, finders[name], args.data)
    rows = R.ferplus_rows(cached)
    if "landmarker" in config["views"]:
        keep, _ = protocol(cached["votes"])
        teacher = landmarker.chosen_of(landmarker.seen("train", units, args.data), keep)
        landmarker.attach(rows, landmarker.enlarged_to(cached["matrix"][keep]), teacher, units)
        rows.labels.pop("five")
        rows.weights.pop("five")
    return rows


def draw(sources: dict, phase: dict, member: dict, units: list[str], rng: np.random.Generator):
    """A batch of as many rows of each kind as `phase` says: images, labels and weights as tensors. Its `augment`, by kind,
    is put over the member's."""
    flip = R.mirrored_units(units)
    parts = []
    for kind in KINDS:
        if phase.get(kind):
            strength = Strength(**(member["augment"] | phase.get("augment", {}).get(kind, {})))
            part = R.batch(*sources[kind].next(phase[kind], rng), rng, strength, flip)
            parts.append(mix(part, member["mix"], rng) if kind == "real" else part)
    return R.merge(parts, label_sizes(len(units)))


def mix(part, share: float, rng: np.random.Generator):
    """Mixup (Zhang et al., 2018) of the first `share` of a batch with its reverse; only expression keeps its label."""
    images, labels, weights = part
    count = int(len(images) * share)
    if count == 0:
        return part
    lam = torch.from_numpy(rng.beta(0.4, 0.4, count).astype(np.float32)).clamp(0.5, 1).to(images.device)
    blended = lam[:, None, None] * images[:count].float() + (1 - lam[:, None, None]) * images.flip(0)[:count].float()
    images[:count] = blended.round().to(images.dtype)
    target = labels["expression"]
    target[:count] = lam[:, None] * target[:count] + (1 - lam[:, None]) * target.flip(0)[:count]
    for name in weights:
        if name != "expression":
            weights[name][:count] = 0
    return images, labels, weights


def label_sizes(units: int) -> dict[str, tuple[int, ...]]:
    """Shape of one row of every label."""
    sizes = {"expression": (8,), "valence_arousal": (2,), "landmarks": (68, 2), "five": (5, 2), "pose": (3,)}
    return sizes | {"action_units": (max(1, units),), "visibility": (68,), "quality": ()}
