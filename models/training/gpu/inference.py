"""Runs mien's own bench of a device, which travelled beside the training code, with the graphics loaders that the machine lacks."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from .setting import Setting, result


def measure(setting: Setting, device: str, seconds: float) -> None:
    """`bench/gpu` on `device`; its lines of JSON are the result."""
    node = setting.folder / "node" / "node"
    program = setting.folder / "bench" / "gpu" / "run.js"
    command = [str(node if node.exists() else "node"), str(program), "--device", device, "--seconds", str(int(setting.left(seconds)))]
    command += ["--quick"] if setting.smoke else []
    found, lines = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment(setting)), []
    for line in found.stdout:
        print(line.rstrip(), flush=True)
        if line.startswith("{"):
            lines.append(json.loads(line))
    if found.wait() != 0:
        raise SystemExit(f"bench/gpu on {device} ended with {found.returncode}")
    result(setting, f"inference-{device}", {"measured": lines})


def environment(setting: Setting) -> dict[str, str]:
    """With ffmpeg, the loaders that are missing here, and the driver of the card where Vulkan does not look by itself."""
    env = dict(os.environ)
    env["PATH"] = os.pathsep.join([env.get("PATH", ""), str(setting.folder / "bench" / "bin")])
    missing = missing_loaders(setting.folder / "loaders", setting.work / "loaders", known_libraries())
    if missing is not None:
        env["LD_LIBRARY_PATH"] = os.pathsep.join(filter(None, [str(missing), env.get("LD_LIBRARY_PATH")]))
    if "VK_DRIVER_FILES" not in env and not any(Path(folder).glob("*.json") for folder in DRIVERS):
        found = sorted(path for folder in ELSEWHERE for path in Path(folder).glob("**/icd.d/*.json"))
        if found:
            env["VK_DRIVER_FILES"] = os.pathsep.join(map(str, found))
    return env


DRIVERS = ("/usr/share/vulkan/icd.d", "/etc/vulkan/icd.d")
ELSEWHERE = ("/usr/local", "/opt")


def known_libraries() -> str:
    """What the machine's own linker finds."""
    try:
        return subprocess.run(["ldconfig", "-p"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return ""


def missing_loaders(brought: Path, into: Path, known: str) -> Path | None:
    """A folder with links to those libraries that were `brought` and that are not `known`: the machine's own come first."""
    absent = [path for path in sorted(brought.glob("*.so*")) if f"{path.name} " not in known]
    if not absent:
        return None
    into.mkdir(parents=True, exist_ok=True)
    for path in absent:
        link = into / path.name
        link.unlink(missing_ok=True)
        link.symlink_to(path.resolve())
    return into
