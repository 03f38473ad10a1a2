"""Train the detector: `python -m training detector-train`. Resumes from its last checkpoint; SIGTERM ends it with one."""

from __future__ import annotations

import argparse
import copy
import math
import signal
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from ..weights import half_precision
from .config import DEFAULT_DATA, RUNS, TrainConfig
from .losses import detection_loss
from .network import Detector, decode
from .pool import Pool

SAVE_EVERY = 250


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `detector-train`."""
    parser.add_argument("--data", type=Path, default=Path(DEFAULT_DATA))
    parser.add_argument("--run", default="shipped", help="name of the folder under runs/detector")
    parser.add_argument("--steps", type=int, default=TrainConfig.steps)
    parser.add_argument("--minutes", type=float, help="end by then, the rate falling faster")
    parser.add_argument("--rate", type=float, default=TrainConfig.rate, help="highest learning rate")
    parser.add_argument("--seed", type=int, default=TrainConfig.seed)
    parser.add_argument("--start", type=Path, help="checkpoint whose averaged weights the run starts from")
    parser.add_argument("--smoke", action="store_true", help="a few steps on tiny batches, to see that it runs")


def run(args: argparse.Namespace) -> Path:
    """Train to the last step; gives the checkpoint's path."""
    config = replace(TrainConfig(), steps=args.steps, rate=args.rate, seed=args.seed)
    if args.smoke:
        config = replace(config, steps=4, warmup=1, sizes=(128,), batches=(4,), share=(1.0,), pool=(64,))
    torch.manual_seed(config.seed)
    trainer = Trainer(config, RUNS / ("smoke" if args.smoke else args.run))
    if args.start:
        trainer.begin_from(args.start)
    trainer.resume()
    trainer.end_within(args.minutes)
    signal.signal(signal.SIGTERM, lambda *_: trainer.stop())
    pool = Pool(config, args.data, config.seed * 1000 + trainer.step)
    try:
        trainer.fit(pool)
    finally:
        pool.close()
    return trainer.file


class Trainer:
    """A network, its running average, its optimiser, and where they are saved."""

    def __init__(self, config: TrainConfig, folder: Path):
        self.config, self.step, self.stopped = config, 0, False
        self.end_within(None)
        self.file = folder / "last.pt"
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.network = Detector().to(self.device, memory_format=torch.channels_last)
        self.average = copy.deepcopy(self.network).eval()
        decayed = [p for p in self.network.parameters() if p.ndim > 1]
        plain = [p for p in self.network.parameters() if p.ndim <= 1]
        groups = [{"params": decayed, "weight_decay": config.weight_decay}, {"params": plain, "weight_decay": 0.0}]
        self.optimiser = torch.optim.AdamW(groups, lr=config.rate, fused=True)

    def begin_from(self, checkpoint: Path) -> None:
        """Take another run's averaged weights, and nothing else."""
        weights = torch.load(checkpoint, map_location=self.device, weights_only=True)["average"]
        self.network.load_state_dict(weights)
        self.average.load_state_dict(weights)

    def resume(self) -> None:
        """Go on where the last checkpoint stopped, where there is one."""
        if not self.file.exists():
            return
        saved = torch.load(self.file, map_location=self.device, weights_only=True)
        self.network.load_state_dict(saved["network"])
        self.average.load_state_dict(saved["average"])
        self.optimiser.load_state_dict(saved["optimiser"])
        self.step = saved["step"]

    def save(self) -> None:
        """Write the checkpoint; a crash in between leaves the older one whole."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        parts = {k: getattr(self, k).state_dict() for k in ("network", "average", "optimiser")}
        temporary = self.file.with_suffix(".tmp")
        torch.save({**parts, "step": self.step, "config": self.config.to_dict()}, temporary)
        temporary.replace(self.file)

    def rate(self) -> float:
        """Learning rate now: a linear warm-up, then half a cosine."""
        warm = min(1.0, (self.step + 1) / self.config.warmup)
        return self.config.rate * warm * (0.01 + 0.99 * (1 + math.cos(math.pi * self.progress())) / 2)

    def end_within(self, minutes: float | None) -> None:
        """Let the run end `minutes` from now, should its steps take longer."""
        self.deadline = None if minutes is None else (time.monotonic(), self.step / self.config.steps, minutes * 60)

    def progress(self) -> float:
        """The share of the run that is behind us, by steps or by the clock."""
        done = self.step / self.config.steps
        if self.deadline:
            start, first, seconds = self.deadline
            done = max(done, first + (1 - first) * (time.monotonic() - start) / seconds)
        return min(1.0, done)

    def stop(self) -> None:
        """End after the step in hand."""
        self.stopped = True

    def fit(self, pool: Pool) -> None:
        """All remaining steps."""
        rng = np.random.default_rng(self.config.seed + self.step)
        bar = tqdm(range(self.step, self.config.steps), initial=self.step, total=self.config.steps, mininterval=5)
        means: dict[str, float] = {}
        for _ in bar:
            if self.stopped or self.progress() >= 1:
                break
            which = int(rng.choice(len(self.config.sizes), p=self.config.share))
            frames, rows, index = pool.draw(which, rng)
            losses, hard = self.learn(frames, rows)
            pool.learned(which, index, hard)
            for k, v in losses.items():
                means[k] = 0.98 * means.get(k, v) + 0.02 * v
            bar.set_postfix({k: f"{v:.3f}" for k, v in means.items()}, refresh=False)
            if self.step % SAVE_EVERY == 0:
                self.save()
        self.save()

    def learn(self, frames: torch.Tensor, rows: torch.Tensor) -> tuple[dict[str, float], np.ndarray]:
        """One step on `frames` [B, 1, S, S] and `rows` [B, G, 15]: the losses, and how hard each scene was [B]."""
        for group in self.optimiser.param_groups:
            group["lr"] = self.rate()
        frames, rows = frames.to(self.device), rows.to(self.device)
        with half_precision(self.device.type):
            maps = self.network.maps(frames)
        decoded = decode([m.float() for m in maps])
        losses = detection_loss(decoded, rows, self.config.weights)
        self.optimiser.zero_grad(set_to_none=True)
        losses["loss"].backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 10.0)
        self.optimiser.step()
        self.step += 1
        self.update_average()
        hard = losses.pop("hard").cpu().numpy()
        return {k: float(v.detach()) for k, v in losses.items()} | {"hard": float(hard.mean())}, hard

    @torch.no_grad()
    def update_average(self) -> None:
        """Move the average towards the network, faster at the start."""
        keep = min(self.config.average, (1 + self.step) / (10 + self.step))
        mine, mean = self.network.state_dict(), self.average.state_dict()
        names = [k for k, v in mean.items() if v.is_floating_point()]  # the rest only count steps
        torch._foreach_lerp_([mean[k] for k in names], [mine[k] for k in names], 1 - keep)
