"""Spend a card's minutes: every step of the plan in turn, each within its seconds, each in a process of its own. A step whose
result is there is skipped, one that was ended goes on from its checkpoint, and what falls out is said."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from . import setting as settings
from .budget import Step, share
from .deliver import Limits, deliver

GRACE = 40.0  # seconds beyond its own in which a step may start and write what it has; then it hangs
ENDING = 12.0  # seconds from being told to end to being made to
HOME = 6.0  # seconds kept for what is brought home


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--minutes", type=float, default=14, help="that there are, from now on (default: %(default)s)")
    parser.add_argument("--smoke", action="store_true", help="the same in small, to see that every step works")
    parser.add_argument("--kit", type=Path, default=Path(__file__).parents[3], help="where the pieces were unpacked")
    parser.add_argument("--work", type=Path, help="where checkpoints and results are (default: work in the kit)")
    parser.add_argument("--out", type=Path, help="what is to be brought home (default: out in the kit)")
    parser.add_argument("--only", action="append", help="run this step alone; may be given again")
    parser.add_argument("--files", type=int, default=8, help="that the way back takes (default: %(default)s)")
    parser.add_argument("--mib", type=int, default=16, help="of one of them (default: %(default)s); four times that together")


def run(args: argparse.Namespace) -> None:
    log = Log((args.work or args.kit / "work") / "log.txt")
    setting = settings.open_setting(args.kit, args.work or args.kit / "work", args.smoke)
    until = time.monotonic() + 60 * args.minutes - HOME
    steps = [step for step in plan(setting) if args.only is None or step.name in args.only]
    log.say(f"{args.minutes:g} minutes, {'smoke, ' if args.smoke else ''}{setting.device}; steps: {', '.join(s.name for s in steps)}")
    look_around(setting, log)
    failed = []
    for number, step in enumerate(steps):
        outcome = attempt(setting, step, [s for s in steps[number:] if not done(setting, s)], until, log)
        if outcome is not None:
            failed.append(f"{step.name}: {outcome}")
            log.say(f"LEFT: {failed[-1]}")
        bring_home(setting, args, log)
    log.say("everything is done" if not failed else "left: " + "; ".join(failed))
    bring_home(setting, args, log)
    sys.exit(1 if failed else 0)


def plan(setting: settings.Setting) -> list[Step]:
    """What is short and sure first; then teachers, one after the other; then all members beside each other."""
    seconds, seeds = setting.plan["seconds"], range(1, setting.plan["teacher"]["seeds"] + 1)
    step = lambda name, kind, names, needs=(): Step(name, *seconds[kind], lambda given: [command(setting, one, given) for one in names], needs)
    bench = [step(f"inference-{device}", f"inference-{device}", [f"inference-{device}"]) for device in ("webgpu", "cuda")]
    bench = [one for one in bench if one.name != "inference-cuda" or list((setting.folder / "bench").rglob("*providers_cuda*"))]
    teachers = [step(f"teacher-{seed}", "teacher", [f"teacher-{seed}"]) for seed in seeds]
    members = step("members", "members", setting.plan["members"]["names"], ("teacher-1",))
    return [step("speed", "speed", ["speed"]), *bench, *teachers, members, step("report", "report", ["report"])]


def command(setting: settings.Setting, name: str, seconds: float) -> list[str]:
    own = [sys.executable, "-m", "training.gpu", "step", name, "--seconds", f"{seconds:.1f}"]
    return [*own, "--kit", str(setting.folder), "--work", str(setting.work), *(["--smoke"] if setting.smoke else [])]


def results(setting: settings.Setting, step: Step) -> list[str]:
    """The names of what a step finds."""
    return setting.plan["members"]["names"] if step.name == "members" else [step.name]


def done(setting: settings.Setting, step: Step) -> bool:
    # The report is written anew, for what has come since.
    return step.name != "report" and all((setting.work / f"{name}.json").exists() for name in results(setting, step))


def attempt(setting: settings.Setting, step: Step, later: list[Step], until: float, log: Log) -> str | None:
    """Do `step`, which is the first of those that are left; why it was not done, or None."""
    if done(setting, step):
        log.say(f"{step.name}: its result is there")
        return None
    lacking = [need for need in step.needs if not (setting.work / f"{need}.json").exists()]
    if lacking:
        return f"needs {', '.join(lacking)}"
    given = share(later, until - time.monotonic())
    if given is None:
        return f"{max(0, until - time.monotonic()):.0f} s are left, and it takes {step.least:g}"
    log.say(f"{step.name}: {given:.0f} s")
    began = time.monotonic()
    grace = 20 * GRACE if setting.smoke else GRACE  # what is tried may be tried on a busy machine
    codes = together(step.commands(given), min(given + grace, max(given, until - began)), log)
    log.say(f"{step.name}: took {time.monotonic() - began:.1f} s")
    wrong = [name for name in results(setting, step) if not (setting.work / f"{name}.json").exists()]
    return f"no result of {', '.join(wrong)} (exit codes {codes})" if wrong or any(codes) else None


def together(commands: list[list[str]], most: float, log: Log) -> list[int]:
    """Run programs side by side; those that take longer than `most` seconds are told to end, then made to. Their exit codes."""
    env = os.environ | {"PYTHONUNBUFFERED": "1"}
    running = [subprocess.Popen(c, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=env) for c in commands]
    readers = [threading.Thread(target=log.follow, args=(one.stdout, c[4])) for one, c in zip(running, commands)]
    for reader in readers:
        reader.start()
    until = time.monotonic() + most
    for one in running:
        for how, wait in ((None, max(0.1, until - time.monotonic())), (signal.SIGTERM, ENDING), (signal.SIGKILL, ENDING)):
            if how is not None and one.poll() is None:
                one.send_signal(how)
            try:
                one.wait(wait)
                break
            except subprocess.TimeoutExpired:
                continue
    for reader in readers:
        reader.join(1)
    return [one.poll() if one.poll() is not None else -9 for one in running]


def look_around(setting: settings.Setting, log: Log) -> None:
    """What the machine is, so that numbers can be read later."""
    import numpy as np
    import torch

    card = torch.cuda.get_device_name(0) if setting.device == "cuda" else "none"
    log.say(f"Python {sys.version.split()[0]}, torch {torch.__version__}, numpy {np.__version__}, {os.cpu_count()} cores, card: {card}")


def bring_home(setting: settings.Setting, args: argparse.Namespace, log: Log) -> None:
    """The most wanted first: members, what teachers say, then the teachers themselves, then what goes on where a run was ended."""
    names, work = setting.plan["members"]["names"], setting.work
    groups = [[work / f"{name}.{end}" for end in ("pt", "npz", "json")] for name in names]
    groups += [[path, path.with_suffix(".json")] for path in sorted(work.glob("teacher-*.npz"))]
    groups += [sorted(work.glob("speed.json")), *([path] for path in sorted(work.glob("inference-*.json")))]
    groups += [sorted(work.glob(f"teacher-{seed}.pt.*")) for seed in range(1, setting.plan["teacher"]["seeds"] + 1)]
    groups += [sorted(work.glob(f"{path.name.removesuffix('.json')}.*")) for path in sorted(work.glob("*.run.json")) if not finished(path)]
    limits = Limits(args.files, args.mib << 20, 4 * args.mib << 20)
    left_out = deliver([log.path, work / "report.json"], groups, args.out or args.kit / "out", limits)
    if left_out:
        log.say(f"too much for the way back: {', '.join(left_out)}")


def finished(path: Path) -> bool:
    """Whether the run of this list of shards has its result."""
    return path.with_name(path.name.split(".")[0] + ".json").exists()


class Log:
    """Lines with the seconds since the beginning, to see and to keep; of several programs at once."""

    def __init__(self, path: Path):
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path, self.began, self.lock = path, time.monotonic(), threading.Lock()
        self.file = path.open("a")

    def say(self, text: str, who: str = "use") -> None:
        with self.lock:
            line = f"[{time.monotonic() - self.began:6.1f}] {who}: {text}"
            print(line, flush=True)
            self.file.write(line + "\n")
            self.file.flush()

    def follow(self, lines, who: str) -> None:
        for line in lines:
            self.say(line.rstrip(), who)
