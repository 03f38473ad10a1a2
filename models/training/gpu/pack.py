"""Put all that a card's machine needs into pieces: data, training code, Node with onnxruntime and mien's bench, Vulkan's loaders,
and wheels that are asked for. Nothing but files that git tracks, data files, and what the command line names goes in."""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from ..data import DATA
from . import pieces
from .prepare import prepare
from .setting import TRAINING

MODELS = TRAINING.parent
ROOT = MODELS.parent
# Debian's packages of what a driver without a screen is reached by.
LOADERS = ("libvulkan1", "libegl1", "libglvnd0", "libgl1", "libglx0", "libx11-6", "libxext6", "libxcb1", "libxau6", "libxdmcp6", "libbsd0", "libmd0")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", type=Path, default=TRAINING / "cache" / "gpu" / "pieces", help="folder of the pieces")
    parser.add_argument("--mib", type=float, default=60, help="of one piece, at most (default: %(default)s)")
    parser.add_argument("--data", type=Path, default=DATA, help="folder of the data (default: ../../shared/data)")
    parser.add_argument("--synthetic", type=Path, default=TRAINING / "cache" / "synth", help="folder of renders")
    parser.add_argument("--renders", type=int, default=8000, help="how many go along; 0: none (default: %(default)s)")
    parser.add_argument("--wheel", action="append", default=[], help="NAME==VERSION that the machine lacks; may be given again")
    parser.add_argument("--python", default="3.12", help="the machine's Python, for wheels (default: %(default)s)")
    parser.add_argument("--node", type=Path, help="Node to bring (default: the one on the PATH)")
    parser.add_argument("--no-node", action="store_true", help="training alone: neither Node nor the bench")
    parser.add_argument("--no-loaders", action="store_true", help="the machine has Vulkan's loader")
    parser.add_argument("--resume", type=Path, help="folder of an earlier run's unpacked way home, to go on from")


def run(args: argparse.Namespace) -> None:
    config = json.loads((TRAINING / "config.json").read_text())
    synthetic = args.synthetic if args.renders and args.synthetic.exists() else None
    if args.renders and synthetic is None:
        print("no renders go along: there are none yet (`python -m training synth`)")
    with tempfile.TemporaryDirectory() as scratch:
        parts = {"data": {f"data/{name}": path for name, path in prepare(config, args.data, synthetic, args.renders).items()}, "code": code()}
        if not args.no_node:
            parts["bench"] = bench(Path(scratch) / "bench", args.node)
        if not args.no_loaders:
            parts["loaders"] = loaders(Path(scratch) / "loaders")
        if args.wheel:
            parts["wheels"] = wheels(args.wheel, args.python, Path(scratch) / "wheels")
        if args.resume:
            parts["work"] = {f"work/{path.name}": path for path in sorted(args.resume.iterdir()) if path.is_file()}
        files = {name: path for part in parts.values() for name, path in part.items()}
        manifest = pieces.write(files, args.out, int(args.mib * (1 << 20)))
    for name, part in parts.items():
        print(f"{name}: {len(part)} files")
    for piece in manifest["pieces"]:
        print(f"{piece['name']}: {piece['bytes'] / (1 << 20):.1f} MiB")
    print(f"{len(files)} files in {len(manifest['pieces'])} pieces; beside them {pieces.MANIFEST} and unpack.py")


def code() -> dict[str, Path]:
    """What git tracks of the models and their training, as it lies here."""
    said = subprocess.run(["git", "ls-files", "-z", "--", "models"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    names = [name for name in said.split("\0") if name and "/tests/" not in name and not name.endswith((".md", ".svg"))]
    return {name: ROOT / name for name in names if (ROOT / name).is_file()}


def bench(folder: Path, node: Path | None) -> dict[str, Path]:
    """mien's bench of a device, put together with what it runs, and Node."""
    program = node or shutil.which("node")
    if program is None:
        raise SystemExit("pack: there is no Node here; name one by --node, or leave the bench out by --no-node")
    subprocess.run([str(program), str(ROOT / "bench" / "gpu" / "bundle.mjs"), str(folder)], cwd=ROOT, check=True)
    clip = "test/fixtures/demo.mp4"
    return {"node/node": Path(program).resolve(), clip: ROOT / clip} | {f"bench/{path.relative_to(folder).as_posix()}": path for path in below(folder)}


def loaders(folder: Path) -> dict[str, Path]:
    """Vulkan's loader and the libraries that drivers look for, out of Debian's packages."""
    folder.mkdir(parents=True)
    for package in LOADERS:
        subprocess.run(["apt-get", "download", "-q", package], cwd=folder, check=True, capture_output=True)
    for package in folder.glob("*.deb"):
        subprocess.run(["dpkg-deb", "-x", str(package), str(folder / "root")], check=True)
    return {f"loaders/{path.name}": path.resolve() for path in below(folder / "root") if ".so." in path.name and path.name.count(".") == 2}


def wheels(names: list[str], python: str, folder: Path) -> dict[str, Path]:
    """Wheels for the machine's Python, as `--target` installs them."""
    platforms = [f"--platform=manylinux{kind}_x86_64" for kind in ("_2_39", "_2_34", "_2_28", "_2_27", "_2_17", "2014")]
    command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:", "--implementation=cp", f"--python-version={python}"]
    subprocess.run([*command, *platforms, "-d", str(folder), *names], check=True)
    return {f"wheels/{path.name}": path for path in below(folder)}


def below(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())
