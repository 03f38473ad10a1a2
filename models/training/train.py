"""Train members of the ensemble, one process each; every run resumes from its last checkpoint."""

from __future__ import annotations

import argparse
import copy
import json
import signal
import time
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from . import losses, rows as R
from .augment import Strength
from .data import DATA, MARGIN, SIZE, ferplus_crops
from .faces import NOTHING
from .networks import Network, Shape

HERE = Path(__file__).parent


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", type=Path, default=HERE / "config.json")
    parser.add_argument("--member", help="train this member only (default: all, one after the other)")
    parser.add_argument("--runs", type=Path, default=HERE / "runs")
    parser.add_argument("--init", type=Path, help="folder of member checkpoints to start from, such as training/checkpoints")
    parser.add_argument("--data", type=Path, default=DATA, help="folder of the FER+ files (default: ../../shared/data)")
    parser.add_argument("--detector", type=Path, default=None, help="what finds the five points (default: the config's)")
    parser.add_argument("--synthetic", type=Path, default=HERE / "cache" / "synth")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--minutes", type=float, help="end by then: the rate falls over the time that is left, not the steps")


def run(args: argparse.Namespace) -> None:
    config = json.loads(args.config.read_text())
    torch.set_num_threads(args.threads)
    for member in config["members"]:
        if args.member in (None, member["name"]):
            Trainer(config, member, args).train()


class Trainer:
    """One member: its rows, network, averaged weights, and where it is in the phases."""

    def __init__(self, config: dict, member: dict, args: argparse.Namespace):
        self.config, self.member = config, member
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self.path = args.runs / f"{member['name']}.pt"
        self.log = args.runs / f"{member['name']}.jsonl"
        self.path.parent.mkdir(parents=True, exist_ok=True)
        detector = args.detector or args.data / config.get("teacher", "yunet_n_dynamic.onnx")
        self.units = config.get("actionUnits", [])
        self.sources = open_sources(config, args, detector)
        torch.manual_seed(member["seed"])
        shape = Shape(**member["shape"], action_units=max(1, len(self.units)))
        self.network = Network(shape).to(self.device, memory_format=torch.channels_last)
        self.optimizer = torch.optim.SGD(parameter_groups(self.network, config["optimizer"]), lr=0.1, momentum=0.9, nesterov=True)
        self.average = copy.deepcopy(self.network).eval()
        self.phase = self.step = self.total = 0
        self.progress, self.clock = 0.0, time.time()  # through the phase, 0 to 1; when the last step ended
        self.until = time.time() + 60 * args.minutes if getattr(args, "minutes", None) else None
        self.stopped = False
        if self.path.exists():
            self.restore(torch.load(self.path, map_location=self.device, weights_only=True))
        elif args.init:
            self.start_from(torch.load(args.init / f"{member['name']}.pt", map_location=self.device, weights_only=True))

    def train(self) -> None:
        """Go through the phases that are left; SIGTERM stops after the step in hand."""
        signal.signal(signal.SIGTERM, lambda *_: setattr(self, "stopped", True))
        while self.phase < len(self.config["phases"]):
            phase = self.config["phases"][self.phase]
            if self.step < phase["steps"] or self.until:
                self.train_phase(phase)
            self.phase, self.step, self.progress = self.phase + 1, 0, 0.0
        self.save()

    def train_phase(self, phase: dict) -> None:
        rng = np.random.default_rng([self.member["seed"], self.phase, self.step])
        sums, since, began = {}, 0, time.time()
        self.clock = began
        while self.progress < 1:
            if self.stopped:
                self.save()
                raise SystemExit(f"stopped at step {self.step} of {phase['name']}; the same command goes on from here")
            values = self.update(phase, rng)
            for name, value in values.items():
                sums.setdefault(name, []).append(value)
            self.step, self.total, since = self.step + 1, self.total + 1, since + 1
            self.advance(phase)
            every = self.config.get("every", 400)
            if self.step % every == 0 or self.progress >= 1:
                means = {name: round(float(np.mean(v)), 4) for name, v in sums.items()}
                speed = since * (phase["real"] + phase["synthetic"]) / (time.time() - began)
                self.report({"phase": phase["name"], "step": self.step, "speed": round(speed), **means})
                self.save()
                sums, since, began = {}, 0, time.time()

    def advance(self, phase: dict) -> None:
        """Move on by one step of the phase, or by the share that it took of the time that is left."""
        share, now = 1 / phase["steps"], time.time()
        if self.until and self.phase == len(self.config["phases"]) - 1:
            left = max(self.until - self.clock, 1e-3)
            share = (1 - self.progress) * min(1.0, (now - self.clock) / left)
        self.progress, self.clock = self.progress + share, now
        if self.progress > 1 - 1e-6:
            self.progress = 1.0

    def update(self, phase: dict, rng: np.random.Generator) -> dict[str, float]:
        """One optimizer step on a fresh batch; the losses by name."""
        images, labels, weights = self.draw(phase, rng)
        self.set_rate(phase)
        self.network.train()
        x = images[:, None].float()
        with torch.autocast(self.device, torch.bfloat16):
            out = self.network(x.to(memory_format=torch.channels_last))
        loss, values = losses.total(out, labels, weights, self.member["losses"] | phase.get("losses", {}))
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), 5.0)
        self.optimizer.step()
        self.follow()
        return values

    def draw(self, phase: dict, rng: np.random.Generator):
        """A batch: `real` rows (some mixed in pairs) and `synthetic` ones."""
        strength = Strength(**self.member["augment"])
        flip = R.mirrored_units(self.units)
        parts = []
        for kind in ("real", "synthetic"):
            if phase[kind]:
                part = self.sources[kind].next(phase[kind], rng)
                part = R.batch(*part, rng, strength, flip)
                parts.append(mix(part, self.member["mix"], rng) if kind == "real" else part)
        images, labels, weights = R.merge(parts, label_sizes(len(self.units)))
        move = lambda d: {k: v.to(self.device) for k, v in d.items()}
        return images.to(self.device), move(labels), move(weights)

    def set_rate(self, phase: dict) -> None:
        """Straight from the phase's first to its last rate (factors of the optimizer's), after a warm-up."""
        first, last = phase["rate"]
        factor = first + (last - first) * self.progress
        factor *= min(1.0, (self.total + 1) / self.config["optimizer"]["warmup"])
        for group in self.optimizer.param_groups:
            group["lr"] = self.config["optimizer"]["rate"] * factor

    @torch.no_grad()
    def follow(self) -> None:
        """Exponential moving average of weights and batch-norm statistics."""
        keep = min(self.config["optimizer"]["average"], (1 + self.total) / (10 + self.total))
        for mean, now in zip(self.average.state_dict().values(), self.network.state_dict().values()):
            if mean.is_floating_point():
                mean.lerp_(now, 1 - keep)
            else:
                mean.copy_(now)

    def report(self, line: dict) -> None:
        scores = {}
        if "valid" in self.sources:
            logits = predict(self.average, centre(self.sources["valid"].crops))["expression"]
            truth = self.sources["valid"].labels["expression"].argmax(1)
            scores["accuracy"] = round(float((logits.argmax(1) == truth).mean()), 4)
        line = {"time": time.strftime("%H:%M:%S"), **line, **scores}
        print(self.member["name"], json.dumps(line), flush=True)
        with self.log.open("a") as log:
            log.write(json.dumps(line) + "\n")

    def save(self) -> None:
        state = {"network": self.network.state_dict(), "average": self.average.state_dict()}
        state |= {"optimizer": self.optimizer.state_dict(), "member": self.member, "units": self.units}
        state |= {"phase": self.phase, "step": self.step, "total": self.total}
        state |= {"progress": self.progress}
        temporary = self.path.with_suffix(".tmp")
        torch.save(state, temporary)
        temporary.rename(self.path)

    def restore(self, state: dict) -> None:
        self.phase, self.step, self.total = state["phase"], state["step"], state["total"]
        steps = self.config["phases"][self.phase]["steps"] if self.phase < len(self.config["phases"]) else 1
        self.progress = state.get("progress", min(1.0, self.step / steps))
        fits = load_matching(self.network, state["network"]) and load_matching(self.average, state["average"])
        if fits and "optimizer" in state:
            self.optimizer.load_state_dict(state["optimizer"])

    def start_from(self, state: dict) -> None:
        weights = {name: value.float() for name, value in state["average"].items()}
        load_matching(self.network, weights)
        load_matching(self.average, weights)


class Source:
    """Rows drawn in random order, every row once per round."""

    def __init__(self, rows: R.Rows):
        self.rows, self.order = rows, np.empty(0, int)

    def next(self, count: int, rng: np.random.Generator) -> tuple[R.Rows, np.ndarray]:
        while len(self.order) < count:
            self.order = np.concatenate([self.order, rng.permutation(len(self.rows))])
        index, self.order = self.order[:count], self.order[count:]
        return self.rows, index


def open_sources(config: dict, args, detector: Path) -> dict:
    """The rows that the phases ask for, and FER+'s validation rows where they are there."""
    template, sources = config["crop"]["template"], {}
    if any(phase["real"] for phase in config["phases"]):
        parts = [R.ferplus_rows(ferplus_crops("train", template, finder, args.data)) for finder in (detector, NOTHING)]
        # Whole pictures too: what a poor detection, or none, leaves for the crop.
        sources["real"] = Source(R.joined(parts) if config.get("whole", True) else parts[0])
    if (args.data / "ferplus_valid.npz").exists():
        sources["valid"] = R.ferplus_rows(ferplus_crops("valid", template, detector, args.data))
    if any(phase["synthetic"] for phase in config["phases"]):
        from .synthetic import synthetic_rows

        rows = synthetic_rows(args.synthetic, template, config.get("actionUnits", []), detector)
        rows.weights["expression"] *= config.get("syntheticExpression", 1.0)
        sources["synthetic"] = Source(rows)
    return sources


def mix(part, share: float, rng: np.random.Generator):
    """Mixup (Zhang et al., 2018) of the first `share` of a batch with its reverse; only expression keeps its label."""
    images, labels, weights = part
    count = int(len(images) * share)
    if count == 0:
        return part
    lam = torch.from_numpy(rng.beta(0.4, 0.4, count).astype(np.float32)).clamp(0.5, 1)
    blended = lam[:, None, None] * images[:count].float() + (1 - lam[:, None, None]) * images.flip(0)[:count].float()
    images[:count] = blended.round().to(torch.uint8)
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


def parameter_groups(network: nn.Module, options: dict) -> list[dict]:
    """Weight decay for matrices and kernels only."""
    parameters = list(network.parameters())
    shared = {"lr": options["rate"], "momentum": options["momentum"]}
    heavy, light = [p for p in parameters if p.dim() > 1], [p for p in parameters if p.dim() <= 1]
    return [{"params": heavy, "weight_decay": options["decay"], **shared}, {"params": light, "weight_decay": 0, **shared}]


def load_matching(network: nn.Module, state: dict[str, Tensor]) -> bool:
    """Load the entries whose shapes fit; True when all of them did."""
    own = network.state_dict()
    fitting = {name: value for name, value in state.items() if name in own and own[name].shape == value.shape}
    network.load_state_dict(fitting, strict=False)
    return len(fitting) == len(own)


def centre(crops: np.ndarray) -> np.ndarray:
    """The crop without its margin, [N, SIZE, SIZE]."""
    return crops[:, MARGIN : MARGIN + SIZE, MARGIN : MARGIN + SIZE]


@torch.no_grad()
def predict(network: Network, faces: np.ndarray, step: int = 256) -> dict[str, np.ndarray]:
    """Heads of `network` on faces uint8 [N, S, S]."""
    device, parts = next(network.parameters()).device, []
    network.eval()
    for i in range(0, len(faces), step):
        x = torch.from_numpy(np.ascontiguousarray(faces[i : i + step]))[:, None].float().to(device)
        with torch.autocast(device.type, torch.bfloat16):
            parts.append(network(x.to(memory_format=torch.channels_last)))
    return {name: torch.cat([p[name] for p in parts]).float().cpu().numpy() for name in parts[0]}
