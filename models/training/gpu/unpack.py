"""Check pieces and unpack them, here as on a card's machine."""

from __future__ import annotations

import argparse
from pathlib import Path

from . import pieces


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, help="of the pieces and their manifest")
    parser.add_argument("target", type=Path, help="where the files go")


def run(args: argparse.Namespace) -> None:
    try:
        print(pieces.unpack(args.folder, args.target), "files, each as the manifest says")
    except pieces.Broken as problem:
        raise SystemExit(f"unpack: {problem}") from None
