"""The whole chain at a tiny scale, in a temporary folder: renders, training, export, evaluation."""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from argparse import Namespace
from pathlib import Path

import numpy as np

from . import data, export, score, train
from .chain import Chain
from .faces import NOTHING

HERE = Path(__file__).parent


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--steps", type=int, default=6, help="optimizer steps per phase")


def run(args: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory() as folder:
        chain(Path(folder), args.steps)
    print("smoke: the chain runs")


def chain(folder: Path, steps: int) -> dict:
    """Run everything once; the evaluation's scores."""
    os.environ["MIEN_CACHE"] = str(folder / "cache")
    stand_in_faces(folder)
    config = small_config(folder, steps)
    (folder / "synth").mkdir()
    render(folder / "synth", config["actionUnits"])
    shared = {"config": folder / "config.json", "runs": folder / "runs", "data": folder, "detector": NOTHING}
    train.run(Namespace(**shared, member=None, init=None, synthetic=folder / "synth", threads=1))
    export.run(Namespace(**shared, out=folder, start=None, save_checkpoints=folder / "checkpoints"))
    scores, _, _ = score.score_file(Chain(folder, NOTHING), folder / "ferplus_valid.npz")
    print(json.dumps(scores))
    return scores


def stand_in_faces(folder: Path, count: int = 64) -> None:
    """Files laid out as FER+ with drawn blobs instead of faces."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:48, :48]
    for name in ("ferplus_train_0", "ferplus_train_1", "ferplus_valid"):
        images = 90 + 80 * (((x - 24) / 17) ** 2 + ((y - 24) / 21) ** 2 < 1) + rng.normal(0, 12, (count, 48, 48))
        votes = np.zeros((count, 10), np.uint8)
        votes[np.arange(count), rng.integers(0, 8, count)] = 10
        np.savez(folder / f"{name}.npz", images=images.clip(0, 255).astype(np.uint8), votes=votes)


def small_config(folder: Path, steps: int) -> dict:
    """The shipped configuration with narrow members and few steps."""
    config = json.loads((HERE / "config.json").read_text())
    for member in config["members"]:
        member["shape"]["widths"] = [16, 16, 16, 16]
    for phase in config["phases"]:
        phase |= {"steps": steps, "real": min(phase["real"], 8), "synthetic": min(phase["synthetic"], 8), "other": 0, "photos": 0}
    config["views"] = {"detector": 1.0, "whole": 1.0}
    config["every"] = steps
    (folder / "config.json").write_text(json.dumps(config))
    return config


def render(folder: Path, units: list[str], count: int = 24) -> None:
    """A few renders; made-up ones where the 3D face is not there."""
    if (data.DATA / "ict_facekit_light.npz").exists():
        from .synth import dataset

        dataset.render(str(folder), count, 128, 1, count, 1, str(data.DATA))
        return
    rng = np.random.default_rng(0)
    marks = rng.uniform(30, 98, (count, 68, 2)).astype(np.float32)
    five = np.float32([[50, 55], [78, 55], [64, 70], [54, 84], [74, 84]]) + rng.normal(0, 2, (count, 5, 2))
    one = lambda *shape: rng.random((count, *shape)).astype(np.float32)
    np.savez(
        folder / "faces.npz", images=rng.integers(0, 256, (count, 128, 128)).astype(np.uint8), landmarks68=marks,
        expression=np.eye(8, dtype=np.float32)[rng.integers(0, 8, count)], valence_arousal=one(2), five=five,
        action_units=one(len(units)), action_unit_names=np.array(units), pose=one(3), visibility=one(68), covered=one(),
        blur=one(), scale=60 + one(), brightness=one(),
    )  # fmt: skip
