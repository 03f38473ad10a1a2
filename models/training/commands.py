"""One program of several commands, each in a module of its own that has `add_arguments` and `run`."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Mapping


def run_command(program: str, commands: Mapping[str, tuple[str, str]], arguments: list[str]) -> None:
    """Runs the command that the first argument names.

    `commands`: by name, the module and one line of what it does. Only the wanted module is imported: the others' imports
    are slow, and not everywhere to be had.
    """
    parser = argparse.ArgumentParser(prog=f"python -m {program}")
    choices = parser.add_subparsers(dest="command", required=True, metavar="|".join(commands))
    wanted = arguments[0] if arguments else None
    for name, (path, summary) in commands.items():
        command = choices.add_parser(name, help=summary, description=summary)
        if name == wanted:
            module = importlib.import_module(path)
            module.add_arguments(command)
            command.set_defaults(execute=module.run)
    args = parser.parse_args(arguments)
    args.execute(args)
