"""`python -m training synth`: render a synthetic data set."""

from __future__ import annotations

from . import dataset
from .mesh import DEFAULT_DATA


def add_arguments(parser) -> None:
    """Declare the subcommand's options on an argparse `parser`."""
    parser.add_argument("--out", default="training/cache/synth", help="folder for the shards")
    parser.add_argument("--data", default=DEFAULT_DATA, help="folder with ict_facekit_light.npz and backgrounds.tar")
    parser.add_argument("--count", type=int, default=36000, help="number of faces")
    parser.add_argument("--size", type=int, default=128, help="side of a picture in pixels")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--shard", type=int, default=2000, help="faces per shard")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--smoke", action="store_true", help="a few faces, to see that the chain works")


def run(args) -> None:
    """Render as the parsed `args` say."""
    count, shard = (48, 24) if args.smoke else (args.count, args.shard)
    dataset.render(args.out, count, args.size, args.seed, shard, 1 if args.smoke else args.workers, args.data)
