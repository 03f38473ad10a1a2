"""What the tasks and the members are worth: short, narrow runs of every member, with all tasks and with one.

It goes on where it stopped: seeds that the results file has are kept, finished runs are read from their checkpoints.
Every run of a seed sees the same rows in the same phases; only the losses (or the member) differ.
"""

from __future__ import annotations

import argparse
import copy
import json
from pathlib import Path

import numpy as np
import torch

from . import losses
from .calibrate import softmax
from .data import centre
from .train import HERE, Trainer, add_arguments as add_training_arguments, open_all
from .sources import Source
from .weights import predict

ONE_TASK = {name: 0.0 for name in losses.LOSSES if name != "expression"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_training_arguments(parser)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", type=int, help="this seed alone: processes side by side, which the whole then reads")
    parser.add_argument("--steps", type=int, default=2000, help="steps of each run")
    parser.add_argument("--width", type=float, default=0.3, help="factor of the members' widths")
    parser.add_argument("--out", type=Path, default=HERE / "ablation.json")


def run(args: argparse.Namespace) -> None:
    config = json.loads(args.config.read_text())
    torch.set_num_threads(args.threads)
    args.runs = args.runs / "ablation"
    rows = json.loads(args.out.read_text())["runs"] if args.out.exists() else []
    config["phases"] = [short_phase(args.steps)]
    config["every"] = args.steps
    opened = open_all(config, args)
    if args.only is not None:
        print(json.dumps(one_seed(config, args.only, args, opened)))
        return
    for seed in range(len(rows), args.seeds):
        rows.append(one_seed(config, seed, args, opened))
        args.out.write_text(json.dumps(summary(rows, args), indent=1) + "\n")
        print(json.dumps(rows[-1]), flush=True)


def one_seed(config: dict, seed: int, args: argparse.Namespace, opened: dict) -> dict:
    """Accuracies on FER+ validation of every member with all tasks and with expression alone, and of the mean."""
    many, single, probabilities, truth = {}, {}, [], None
    for member in config["members"]:
        for name, scores, scale in (("all", many, member["losses"]), ("one", single, ONE_TASK)):
            trainer = short_run(config, member, f"{member['name']}-{name}-{seed}", scale, seed, args, opened)
            valid = trainer.sources["valid"]
            truth = valid.labels["expression"].argmax(1)
            logits = predict(trainer.average, centre(valid.crops))["expression"]
            scores[member["name"]] = float((logits.argmax(1) == truth).mean())
            if name == "all":
                probabilities.append(softmax(logits))
    together = float((np.mean(probabilities, 0).argmax(1) == truth).mean())
    tasks = np.mean([many[name] - single[name] for name in many])
    return {
        "seed": seed, "multiTask": many, "singleTask": single, "ensemble": together,
        "multiOverSingle": float(tasks), "ensembleOverBest": together - max(many.values()),
    }  # fmt: skip


def short_run(config: dict, member: dict, name: str, scale: dict, seed: int, args: argparse.Namespace, opened: dict) -> Trainer:
    """A trained narrow copy of `member`."""
    member = copy.deepcopy(member)
    member |= {"name": name, "seed": 1000 * (seed + 1) + member["seed"], "losses": scale}
    member["shape"]["widths"] = [max(16, int(w * args.width)) for w in member["shape"]["widths"]]
    trainer = Trainer(config, member, args, {kind: rewound(source) for kind, source in opened.items()})
    trainer.train()
    return trainer


def rewound(source):
    """`source` from its first round, so that all runs of a seed see the same rows."""
    return Source(source.rows, source.often) if isinstance(source, Source) else source


def short_phase(steps: int) -> dict:
    return {"name": "short", "real": 64, "synthetic": 32, "steps": steps, "rate": [1, 0.0]}


def summary(rows: list[dict], args: argparse.Namespace) -> dict:
    """Mean and spread over the seeds of both differences."""
    result = {"steps": args.steps, "width": args.width, "seeds": len(rows), "runs": rows}
    for name in ("multiOverSingle", "ensembleOverBest"):
        values = [row[name] for row in rows]
        result[name] = {"mean": round(float(np.mean(values)), 4), "spread": round(float(np.std(values)), 4)}
    return result
