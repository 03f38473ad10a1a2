"""`python -m training.gpu pack|unpack|use|step …`"""

from __future__ import annotations

import argparse
import importlib
import sys

COMMANDS = {
    "pack": "put all that a card's machine needs into pieces",
    "unpack": "check pieces and unpack them",
    "use": "spend a card's minutes: train, measure, bring home",
    "step": "one step of the plan; `use` calls it",
}


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m training.gpu")
    commands = parser.add_subparsers(dest="command", required=True)
    wanted = arguments[0] if arguments else None
    for name, summary in COMMANDS.items():
        command = commands.add_parser(name, help=summary, description=summary)
        if name == wanted:  # a card's machine has not what others import
            module = importlib.import_module(f"training.gpu.{name}")
            module.add_arguments(command)
            command.set_defaults(execute=module.run)
    args = parser.parse_args(arguments)
    args.execute(args)


if __name__ == "__main__":
    main(sys.argv[1:])
