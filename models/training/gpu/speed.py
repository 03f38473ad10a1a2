"""How many faces a second the device augments, and how many it teaches a small network, before any time is given to training."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import torch

from ..layout import STORED
from ..losses import cross_entropy
from ..networks import Network, Shape
from ..strength import Strength
from ..weights import half_precision
from . import augment
from .kit import LARGE
from .setting import TRAINING, Setting, result


def measure(setting: Setting, seconds: float) -> None:
    """Faces a second: augmented at both sizes, and through the member `wide` there and back with a step of its optimizer."""
    small, large = (8, 8) if setting.smoke else (2048, 512)
    random = augment.Random(setting.device, 1)
    crops = {size: torch.randint(0, 256, (count, size, size), dtype=torch.uint8, device=setting.device) for size, count in ((STORED, small), (LARGE, large))}
    made = lambda size: augment.views(crops[size], Strength(), random).images
    member = next(m for m in json.loads((TRAINING / "config.json").read_text())["members"] if m["name"] == "wide")
    network = Network(Shape(**member["shape"], action_units=21)).to(setting.device, memory_format=torch.channels_last)
    optimizer = torch.optim.SGD(network.parameters(), lr=1e-3, momentum=0.9, nesterov=True)
    target = torch.full((small, 8), 1 / 8, device=setting.device)

    def taught() -> None:
        with torch.no_grad():
            images = made(STORED)
        with half_precision(setting.device):
            out = network(images.to(memory_format=torch.channels_last))
        optimizer.zero_grad(set_to_none=True)
        cross_entropy(out["expression"].float(), target).mean().backward()
        optimizer.step()

    each = seconds / 4
    found = {
        "augmented": rate(lambda: made(STORED), small, each, setting.device),
        "augmentedLarge": rate(lambda: made(LARGE), large, each, setting.device),
        "taughtSmallNetwork": rate(taught, small, each, setting.device),
    }
    wanted = setting.plan["facesPerSecond"]
    met = found["taughtSmallNetwork"] >= wanted if setting.device == "cuda" else None
    result(setting, "speed", {"facesPerSecond": found, "wanted": wanted, "met": met})


def rate(work: Callable[[], object], count: int, seconds: float, device: str) -> int:
    """How many of `count` a call `work` does a second, once it is warm."""
    wait = torch.cuda.synchronize if device == "cuda" else lambda: None
    for _ in range(3):
        work()
    wait()
    began, calls = time.monotonic(), 0
    while calls == 0 or time.monotonic() - began < seconds:
        for _ in range(4):
            work()
        wait()
        calls += 4
    return round(count * calls / (time.monotonic() - began))
