"""Where a run has its kit, its work and its device, and what its plan says."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from pathlib import Path

import torch

from .kit import Kit

HERE = Path(__file__).parent
TRAINING = HERE.parent


@dataclass
class Setting:
    """`smoke` makes everything small: few faces, narrow networks, small batches."""

    folder: Path  # of the unpacked kit
    work: Path
    plan: dict
    smoke: bool
    device: str
    began: float = field(default_factory=time.monotonic)

    def left(self, seconds: float) -> float:
        """Of a step's `seconds`, those after what it has loaded; a quarter at least."""
        return max(seconds - (time.monotonic() - self.began), seconds / 4)

    def kit(self) -> Kit:
        return Kit(self.folder / "data", self.device, 192 if self.smoke else None)


def open_setting(folder: Path, work: Path, smoke: bool) -> Setting:
    plan = json.loads((HERE / "plan.json").read_text())
    if smoke:
        plan = merged(plan, json.loads((HERE / "plan.smoke.json").read_text()))
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.backends.cudnn.benchmark = True
    torch.set_num_threads(1 if device == "cpu" else torch.get_num_threads())
    work.mkdir(parents=True, exist_ok=True)
    return Setting(folder, work, plan, smoke, device)


def merged(base: dict, over: dict) -> dict:
    """`base` with the values of `over`, folder by folder."""
    both = {name: merged(base[name], value) if isinstance(value, dict) and isinstance(base.get(name), dict) else value for name, value in over.items()}
    return base | both


def result(setting: Setting, name: str, values: dict) -> None:
    """What a step has found; a step whose result is there is not run again."""
    path = setting.work / f"{name}.json"
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps(values) + "\n")
    temporary.rename(path)
    print({name: values}, flush=True)
