"""`python -m training synth|train|evaluate|export|demo …`"""

from __future__ import annotations

import sys

from training.commands import run_command

COMMANDS = {
    "synth": ("training.synth.cli", "render labelled synthetic faces"),
    "train": ("training.train", "train the members of the ensemble"),
    "teachers": ("training.teachers", "what several ensembles together say of FER+'s training faces"),
    "grow": ("training.grow", "put blocks into a trained member and train it on"),
    "refit": ("training.refit", "fit the appearance heads of trained members on real faces"),
    "evaluate": ("training.evaluate", "measure the shipped models"),
    "export": ("training.export", "write ensemble.onnx and its card"),
    "quantise": ("training.quantise", "the ensemble with convolutions in eight-bit integers, beside its file"),
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

if __name__ == "__main__":
    run_command("training", COMMANDS, sys.argv[1:])
