"""What is computed before a card is rented, from the data and by slow ways: where faces are, renders cut, pictures of no face.

Each file is kept in the cache until what it is made of changes."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np

from .. import crop
from ..data import cache_folder, ferplus_crops, load_ferplus
from ..faces import NOTHING, fingerprint
from ..landmarker.label import FILES
from ..layout import MARGIN, SIZE, STORED, protocol, repeated
from ..sources import SHIPPED
from ..synthetic import located, shards
from . import codec
from .kit import LARGE, OTHER, RENDERS, TRAIN, VALID


def prepare(config: dict, data: Path, synthetic: Path | None, renders: int) -> dict[str, Path]:
    """The data files of a kit, by their names there. @raises FileNotFoundError for what the data lacks"""
    folder = cache_folder() / "gpu"
    found = {TRAIN: faces("train", config, data, folder), VALID: faces("valid", config, data, folder)}
    if synthetic is not None and renders:
        found[RENDERS] = rendered(config, synthetic, renders, folder)
    if (data / "faces.tar").exists():
        found[OTHER] = other(config, data, folder)
    return found


def faces(split: str, config: dict, data: Path, folder: Path) -> Path:
    """FER+'s pictures and votes, of the rows that its protocol keeps, with a matrix [2, 3] of each way to cut them."""
    template, images_votes = config["crop"]["template"], load_ferplus([data / name for name in FILES[split]])
    finders = {"landmarks": SHIPPED}
    if split == "train":
        finders |= {"detector": SHIPPED / "detector.onnx", "teacher": data / config["teacher"], "whole": NOTHING}
    finders = {name: finder for name, finder in finders.items() if finder == NOTHING or finder.exists()}
    path = kept(folder, f"ferplus_{split}", config, images_votes[1].tobytes(), *map(fingerprint, finders.values()))
    if not path.exists():
        keep, _ = protocol(images_votes[1])
        arrays = {"images": images_votes[0][keep], "votes": images_votes[1][keep]}
        for name, finder in finders.items():
            arrays[f"matrix_{name}"] = ferplus_crops(split, template, finder, data)["matrix"][keep].astype(np.float32)
        if split == "valid":
            arrays["repeated"] = repeated(arrays["images"], load_ferplus([data / name for name in FILES["train"]])[0])
        codec.write(path, arrays)
    return path


def rendered(config: dict, synthetic: Path, most: int, folder: Path) -> Path:
    """The first `most` renders, cut large, with the expression that was rendered."""
    paths = shards(synthetic)
    path = kept(folder, "renders", config, str([(p.name, p.stat().st_size) for p in paths]).encode(), str(most).encode())
    if not path.exists():
        crops, expression = [], []
        target = np.asarray(config["crop"]["template"]) * 2 * SIZE + 2 * MARGIN
        for one in paths:
            with np.load(one) as z:
                images, five, labels = (z[name][: most - len(crops)] for name in ("images", "five", "expression"))
            for image, points in zip(images, located(images, five, SHIPPED / "detector.onnx")):
                crops.append(crop.cut(image, crop.similarity(points, target), LARGE))
            expression.append(labels)
        codec.write(path, {"crops": np.stack(crops), "expression": np.concatenate(expression).astype(np.float32)})
    return path


def other(config: dict, data: Path, folder: Path) -> Path:
    """Photos and pictures of no face, without labels."""
    from ..negatives import other_rows

    path = kept(folder, "other", config, fingerprint(SHIPPED / "detector.onnx"))
    if not path.exists():
        crops = other_rows(config["crop"]["template"], SHIPPED / "detector.onnx", data).crops
        codec.write(path, {"crops": crops})
    return path


def kept(folder: Path, name: str, config: dict, *made_of: bytes) -> Path:
    """A file in the cache for what it is made of."""
    head = json.dumps([config["crop"]["template"], SIZE, STORED, LARGE]).encode()
    return folder / f"{name}_{hashlib.sha256(head + b''.join(made_of)).hexdigest()[:12]}.bin"
