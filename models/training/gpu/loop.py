"""A training run by the clock: its rate falls over the seconds that it has, it writes checkpoints in shards and goes on from
them, and tells how many faces a second it takes."""

from __future__ import annotations

import copy
import math
import signal
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn

from ..weights import load_matching, parameter_groups, update_average
from . import shards

TOGETHER = 8  # steps between two looks at the clock: the device is let run ahead that far
WARM_UP = 0.04  # share of the run in which the rate rises


class Loop:
    """One network, its averaged weights, and how far through its time it is (`progress`, 0 to 1)."""

    def __init__(self, network: nn.Module, options: dict, path: Path, device: str):
        self.device, self.path, self.options = device, path, options
        self.network = network.to(device, memory_format=torch.channels_last)
        self.optimizer = torch.optim.SGD(parameter_groups(self.network, options), lr=0.1, momentum=0.9, nesterov=True)
        self.average = copy.deepcopy(self.network).eval()
        self.progress, self.steps, self.faces = 0.0, 0, 0
        self.stopped = False
        state = shards.load(path, device)
        if state is not None:
            self.restore(state)

    def run(self, step: Callable[[], tuple[Tensor, int]], seconds: float, every: float, score: Callable[[], dict]) -> None:
        """`step` gives a loss and how many faces it saw. `score` is asked, and a checkpoint written, every so many seconds, and
        in the end. SIGTERM ends the run after a checkpoint."""
        signal.signal(signal.SIGTERM, lambda *_: setattr(self, "stopped", True))
        self.network.train()
        until, clock = time.monotonic() + seconds, time.monotonic()
        reported, since, losses = clock, 0, []
        while self.progress < 1 and not self.stopped:
            for _ in range(TOGETHER):
                loss, count = step()
                self.learn(loss)
                losses.append(loss.detach())
                since += count
            if self.device == "cuda":
                torch.cuda.synchronize()
            now = time.monotonic()
            self.progress += (1 - self.progress) * min(1.0, (now - clock) / max(until - clock, 1e-3))
            self.progress = 1.0 if self.progress > 0.999 else self.progress
            clock = now
            if now - reported > every or self.progress == 1:
                told = {"progress": round(self.progress, 3), "steps": self.steps, "loss": round(float(torch.stack(losses).mean()), 4)}
                print(told | {"facesPerSecond": round(since / (now - reported))} | score(), flush=True)
                self.save()
                self.network.train()
                reported, since, losses = time.monotonic(), 0, []
                clock = reported
        self.save()
        if self.stopped:
            raise SystemExit(f"stopped at {self.progress:.3f}; the same command goes on from here")

    def learn(self, loss: Tensor) -> None:
        factor = 0.5 + 0.5 * math.cos(math.pi * self.progress)
        factor *= min(1.0, (self.progress + 1e-3) / WARM_UP)
        for group in self.optimizer.param_groups:
            group["lr"] = self.options["rate"] * factor
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), 5.0)
        self.optimizer.step()
        self.steps += 1
        update_average(self.average, self.network, min(self.options["average"], self.steps / (10 + self.steps)))

    def save(self) -> None:
        state = {"network": self.network.state_dict(), "average": self.average.state_dict(), "optimizer": self.optimizer.state_dict()}
        shards.save(self.path, state | {"progress": self.progress, "steps": self.steps})

    def restore(self, state: dict) -> None:
        if not (load_matching(self.network, state["network"]) and load_matching(self.average, state["average"])):
            raise ValueError(f"{self.path.name} is of another network; remove it to begin anew")
        self.optimizer.load_state_dict(state["optimizer"])
        self.progress, self.steps = state["progress"], state["steps"]
        print(f"goes on at {self.progress:.3f}, step {self.steps}", flush=True)


def halves(network: nn.Module) -> dict[str, Tensor]:
    """Weights in half precision, on the processor."""
    return {name: (v.half() if v.is_floating_point() else v).cpu() for name, v in network.state_dict().items()}
