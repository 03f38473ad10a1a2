"""Average two checkpoints' weights: `python -m training detector-average A.pt B.pt --share 0.3 --out C.pt`.

Runs that began from the same weights lie in one basin, and the mean of their ends often generalises better than either
(Wortsman et al., "Model soups", 2022). The share is chosen on the tuning pictures, by `detector-curve`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `detector-average`."""
    parser.add_argument("first", type=Path)
    parser.add_argument("second", type=Path)
    parser.add_argument("--share", type=float, default=0.5, help="of the second, 0 to 1")
    parser.add_argument("--out", type=Path, required=True)


def run(args: argparse.Namespace) -> Path:
    """Write the checkpoint `out`; gives its path."""
    first, second = (torch.load(path, map_location="cpu", weights_only=True) for path in (args.first, args.second))
    mean = averaged(first["average"], second["average"], args.share)
    torch.save({"average": mean, "step": second["step"], "config": second["config"]}, args.out)
    return args.out


def averaged(first: dict, second: dict, share: float) -> dict:
    """Weights between `first` (share 0) and `second` (share 1); whole numbers, which only count steps, are `second`'s."""
    return {k: torch.lerp(first[k].float(), v.float(), share).to(v.dtype) if v.is_floating_point() else v for k, v in second.items()}
