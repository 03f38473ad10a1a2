"""One step of the plan, by its name."""

from __future__ import annotations

import argparse
from pathlib import Path

from . import distil, inference, report, speed, teach
from .setting import open_setting


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", help="speed, inference-DEVICE, teacher-SEED, a member's name, or report")
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--kit", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--smoke", action="store_true")


def run(args: argparse.Namespace) -> None:
    setting = open_setting(args.kit, args.work, args.smoke)
    kind, _, which = args.name.partition("-")
    if kind == "speed":
        speed.measure(setting, args.seconds)
    elif kind == "inference":
        inference.measure(setting, which, args.seconds)
    elif kind == "teacher":
        teach.teach(setting, int(which), args.seconds)
    elif kind == "report":
        report.report(setting, args.seconds)
    else:
        distil.distil(setting, args.name, args.seconds)
