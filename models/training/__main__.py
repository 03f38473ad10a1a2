"""`python -m training synth|train|evaluate|export|demo …`"""

from __future__ import annotations

import argparse
import importlib
import sys

COMMANDS = {
    "synth": ("training.synth.cli", "render labelled synthetic faces"),
    "train": ("training.train", "train the members of the ensemble"),
    "refit": ("training.refit", "fit the appearance heads of trained members on real faces"),
    "evaluate": ("training.evaluate", "measure the shipped models"),
    "export": ("training.export", "write ensemble.onnx and its card"),
    "demo": ("training.synth.demo", "render the demo clip with its ground truth"),
    "ablate": ("training.ablate", "short runs that compare tasks and members"),
    "detector-average": ("training.detector.average", "average the weights of two checkpoints"),
    "detector-heads": ("training.detector.heads", "render turned heads for the detector to learn from"),
    "detector-train": ("training.detector.train", "train the face detector"),
    "detector-curve": ("training.detector.curve", "recall and false faces over thresholds, on the tuning pictures"),
    "detector-export": ("training.detector.export", "write detector.onnx and its card"),
    "detector-evaluate": ("training.detector.evaluate", "measure the face detector"),
    "landmarker": ("training.landmarker.label", "label real pictures with the second teacher"),
    "report": ("training.report", "write the measured part of MODEL_CARD.md"),
    "smoke": ("training.smoke", "the whole chain at a tiny scale, in a temporary folder"),
}


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m training")
    commands = parser.add_subparsers(dest="command", required=True, metavar="|".join(COMMANDS))
    wanted = arguments[0] if arguments else None
    for name, (path, summary) in COMMANDS.items():
        command = commands.add_parser(name, help=summary, description=summary)
        if name == wanted:  # the others' imports are slow, and not needed
            module = importlib.import_module(path)
            module.add_arguments(command)
            command.set_defaults(execute=module.run)
    args = parser.parse_args(arguments)
    args.execute(args)


if __name__ == "__main__":
    main(sys.argv[1:])
