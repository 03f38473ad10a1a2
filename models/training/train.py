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
from torch import nn

from . import losses, sources
from .data import DATA, centre
from .gpu import rows as device_rows
from .networks import Network, Shape
from .weights import half_precision, load_matching, parameter_groups, predict, update_average

HERE = Path(__file__).parent


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", type=Path, default=HERE / "config.json")
    parser.add_argument("--member", help="train this member only (default: all, one after the other)")
    parser.add_argument("--runs", type=Path, default=HERE / "runs")
    parser.add_argument("--init", type=Path, help="folder of member checkpoints to start from, such as training/checkpoints")
    parser.add_argument("--data", type=Path, default=DATA, help="folder of the FER+ files (default: ../../shared/data)")
    parser.add_argument("--detector", type=Path, default=None, help="what finds the five points (default: the shipped one)")
    parser.add_argument("--synthetic", type=Path, default=HERE / "cache" / "synth")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--on-device", action="store_true", help="augment where the network is, as on a graphics card anyway")
    parser.add_argument("--rate", type=float, help="first rate of every phase, as a factor (default: the config's)")
    parser.add_argument("--minutes", type=float, help="end by then: the rate falls over the time that is left, not the steps")


def run(args: argparse.Namespace) -> None:
    config = json.loads(args.config.read_text())
    torch.set_num_threads(args.threads)
    for member in config["members"]:
        if args.member in (None, member["name"]):
            Trainer(config, member, args).train()


def open_all(config: dict, args: argparse.Namespace) -> dict:
    """The rows that a run draws from."""
    return sources.open_sources(config, args, args.detector or sources.SHIPPED / "detector.onnx")


class Trainer:
    """One member: its rows, network, averaged weights, and where it is in the phases."""

    def __init__(self, config: dict, member: dict, args: argparse.Namespace, opened: dict | None = None):
        self.config, self.member = config, member
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self.path = args.runs / f"{member['name']}.pt"
        self.log = args.runs / f"{member['name']}.jsonl"
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.units = config.get("actionUnits", [])
        self.sources = opened or open_all(config, args)
        self.near = None  # the same rows on the device, where they are augmented there
        if self.device == "cuda" or getattr(args, "on_device", False):
            self.near = device_rows.on_device(self.sources, self.device, member["seed"])
        torch.manual_seed(member["seed"])
        shape = Shape(**member["shape"], action_units=max(1, len(self.units)))
        self.network = Network(shape).to(self.device, memory_format=torch.channels_last)
        self.optimizer = torch.optim.SGD(parameter_groups(self.network, config["optimizer"]), lr=0.1, momentum=0.9, nesterov=True)
        self.average = copy.deepcopy(self.network).eval()
        self.phase = self.step = self.total = 0
        self.progress, self.clock = 0.0, time.time()  # through the phase, 0 to 1; when the last step ended
        self.rate = getattr(args, "rate", None)
        self.until = time.time() + 60 * args.minutes if getattr(args, "minutes", None) else None
        self.stopped = False
        if self.path.exists():
            self.restore(torch.load(self.path, map_location=self.device, weights_only=True))
        elif args.init and (args.init / self.path.name).exists():
            self.start_from(torch.load(args.init / self.path.name, map_location=self.device, weights_only=True))

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
                speed = since * sum(phase.get(kind, 0) for kind in sources.KINDS) / (time.time() - began)
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
        draw, rows = (device_rows.draw, self.near) if self.near else (sources.draw, self.sources)
        batch = draw(rows, phase, self.member, self.units, rng)
        images, labels, weights = batch[0].to(self.device), *({k: v.to(self.device) for k, v in d.items()} for d in batch[1:])
        self.set_rate(phase)
        self.network.train()
        x = images[:, None].float()
        with half_precision(self.device):
            out = self.network(x.to(memory_format=torch.channels_last))
        loss, values = losses.total(out, labels, weights, self.member["losses"] | phase.get("losses", {}))
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), 5.0)
        self.optimizer.step()
        update_average(self.average, self.network, min(self.config["optimizer"]["average"], (1 + self.total) / (10 + self.total)))
        return values

    def set_rate(self, phase: dict) -> None:
        """Straight from the phase's first to its last rate (factors of the optimizer's), after a warm-up."""
        first, last = phase["rate"]
        first = self.rate or first
        factor = first + (last - first) * self.progress
        factor *= min(1.0, (self.total + 1) / self.config["optimizer"]["warmup"])
        for group in self.optimizer.param_groups:
            group["lr"] = self.config["optimizer"]["rate"] * factor

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
