"""`python -m training.gpu pack|unpack|use|step …`"""

from __future__ import annotations

import sys

from training.commands import run_command

COMMANDS = {
    "pack": ("training.gpu.pack", "put all that a card's machine needs into pieces"),
    "unpack": ("training.gpu.unpack", "check pieces and unpack them"),
    "use": ("training.gpu.use", "spend a card's minutes: train, measure, bring home"),
    "step": ("training.gpu.step", "one step of the plan; `use` calls it"),
}

if __name__ == "__main__":
    run_command("training.gpu", COMMANDS, sys.argv[1:])
