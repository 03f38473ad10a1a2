"""What came of it, in one file: teachers alone and together, members before and after, the ensemble of both."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from .setting import Setting, result


def report(setting: Setting, _seconds: float) -> None:
    found = {path.stem: json.loads(path.read_text()) for path in sorted(setting.work.glob("*.json")) if is_result(path)}
    members = [np.load(setting.work / f"{name}.npz") for name in setting.plan["members"]["names"] if (setting.work / f"{name}.npz").exists()]
    together = {}
    if members:
        labels = members[0]["labels"]
        together = {when: score(np.mean([member[when] for member in members], 0), labels) for when in ("before", "after")}
    teachers = [np.load(path)["valid"].astype(np.float32) for path in sorted(setting.work.glob("teacher-*.npz"))]
    if teachers and members:
        together["teachers"] = score(np.mean(teachers, 0), members[0]["labels"])
    result(setting, "report", {"device": setting.device, "smoke": setting.smoke, "together": together, "steps": found})


def is_result(path: Path) -> bool:
    """Lists of shards end in .json too; the report is no part of itself."""
    return path.name.count(".") == 1 and path.name != "report.json"


def score(said: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """FER+ validation, all rows, at the server's cut, mirror images averaged."""
    given = said[np.arange(len(labels)), labels].clip(1e-9)
    return {"accuracy": round(float((said.argmax(1) == labels).mean()), 4), "negativeLogLikelihood": round(float(-np.log(given).mean()), 4)}
