"""`python -m training teachers`: what several ensembles say of FER+'s training faces, averaged over them and over mirror images,
kept in the cache as targets (`grow.py`); and how they do on validation, each alone and all together.

An average of networks that err differently is a better teacher than any of them (Hinton et al., 2015). Earlier versions of the
shipped file are such networks, and lie in the history: `git show REVISION:models/ensemble.onnx`."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from . import calibrate, crop, metrics
from .data import DATA, cache_folder, centre, cut_crops, ferplus_crops, load_ferplus, protocol
from .landmarker.label import FILES
from .scorer import Scorer
from .sources import SHIPPED

ANSWERS = "teachers_train.npy"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("models", type=Path, nargs="+", help="folders with ensemble.onnx and ensemble.json")
    parser.add_argument("--data", type=Path, default=DATA, help="folder of the FER+ files (default: ../../shared/data)")
    parser.add_argument("--validate", action="store_true", help="only tell how they do on validation")
    parser.add_argument("--threads", type=int, default=1)


def run(args: argparse.Namespace) -> None:
    template = Scorer(SHIPPED).template
    found = {}
    for folder in args.models:
        found[folder.name] = said(folder, "valid", template, args.data, args.threads)
    keep, distribution = protocol(load_ferplus([args.data / name for name in FILES["valid"]])[1])
    truth = distribution[keep].argmax(1)
    for name, answers in {**found, "all": np.mean(list(found.values()), 0)}.items():
        told = metrics.classification(answers, truth)
        print(name, {key: told[key] for key in ("accuracy", "macroF1", "negativeLogLikelihood", "calibrationError")}, flush=True)
    if not args.validate:
        mean = np.mean([said(folder, "train", template, args.data, args.threads) for folder in args.models], 0)
        np.save(cache_folder() / ANSWERS, mean.astype(np.float16))


def said(folder: Path, split: str, template, data: Path, threads: int) -> np.ndarray:
    """Probabilities [N, 8] by the ensemble in `folder` for the faces of `split` that the protocol keeps, cut as its own card says
    where the shipped files find them, averaged over mirror images. Calibrated once more on validation's temperature is not
    needed: each file has its own inside."""
    scorer = Scorer(folder, threads)
    images, votes = load_ferplus([data / name for name in FILES[split]])
    keep, _ = protocol(votes)
    cached = {name: values[keep] for name, values in ferplus_crops(split, template, SHIPPED, data).items()}
    crops = cached["crops"]
    if not np.allclose(scorer.template, template):
        points = np.stack([crop.apply(crop.invert(m.astype(np.float64)), five) for m, five in zip(cached["matrix"], cached["five"])])
        crops, _ = cut_crops(images[keep], points, cached["found"], scorer.template)
    faces = np.ascontiguousarray(centre(crops))
    return (scorer.faces(faces)["expression"] + scorer.faces(np.ascontiguousarray(faces[:, :, ::-1]))["expression"]) / 2


def said_of_training(template, data: Path) -> np.ndarray:
    """What the teachers said of the training faces that the protocol keeps, float32 [N, 8]; the shipped ensemble where none were
    asked."""
    path = cache_folder() / ANSWERS
    return np.load(path).astype(np.float32) if path.exists() else said(SHIPPED, "train", template, data, 1)
