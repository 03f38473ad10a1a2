"""What has travelled, on the device: FER+ cut in every way, renders, pictures without labels; and what people voted."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ..layout import LABELS, SIZE, STORED, protocol
from . import codec
from .cut import cut

LARGE = 2 * STORED  # px a side of the teacher's stored crops
VALID, TRAIN, RENDERS, OTHER = "ferplus_valid.bin", "ferplus_train.bin", "renders.bin", "other.bin"


@dataclass
class Crops:
    """R rows: crops uint8 [R, S, S], targets float32 [R, 8] with the weight of each, how often a row comes in a round."""

    crops: Tensor
    targets: Tensor
    weights: Tensor
    often: Tensor
    fold: Tensor  # long [R]; -1 belongs to none

    def chosen(self, rows: Tensor) -> Crops:
        """The `rows` (bool [R]) alone."""
        return Crops(*(values[rows] for values in (self.crops, self.targets, self.weights, self.often, self.fold)))


@dataclass
class Judged:
    """FER+ validation: crops uint8 [N, S, S] without margin, labels long [N], and which pictures training has too."""

    crops: Tensor
    labels: Tensor
    repeated: Tensor


class Kit:
    """The data files in `folder`, of FER+'s training faces the first `most`, on `device`."""

    def __init__(self, folder: Path, device: str, most: int | None = None):
        self.folder, self.device, self.most = folder, device, most
        self.train = {name: values[:most] for name, values in codec.read(folder / TRAIN).items()}
        self.votes = protocol(self.train["votes"])[1]
        digests = [hashlib.sha256(image.tobytes()).digest() for image in self.train["images"]]
        self.place = np.array([int.from_bytes(digest[:4], "big") for digest in digests])

    def put(self, values: np.ndarray) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(values)).to(self.device)

    def folds(self, count: int) -> np.ndarray:
        """Which of `count` folds each face belongs to, int [N]; the same picture always to the same."""
        return self.place % count

    def view(self, name: str, stored: int) -> Tensor:
        """FER+'s training faces cut in one way, uint8 [N, stored, stored]."""
        return cut(self.put(self.train["images"]), self.put(self.train[f"matrix_{name}"]), stored)

    def real(self, views: dict[str, float], classes: dict[str, float], stored: int, targets: np.ndarray, folds: int) -> Crops:
        """FER+'s training faces in those of the `views` that have travelled, by how often; those of rare `classes` more often."""
        views = {name: share for name, share in views.items() if f"matrix_{name}" in self.train}
        factors = np.array([classes.get(name, 1.0) for name in LABELS])[self.votes.argmax(1)]
        count = len(views)
        often = np.concatenate([share * factors for share in views.values()]).astype(np.float32)
        crops = torch.cat([self.view(name, stored) for name in views])
        ones = torch.ones(len(crops), device=self.device)
        fold = self.put(np.tile(self.folds(folds), count))
        return Crops(crops, self.put(np.tile(targets, (count, 1)).astype(np.float32)), ones, self.put(often), fold)

    def renders(self, stored: int, weight: float) -> Crops | None:
        """Rendered faces with the expression that was rendered; None where none came along."""
        if not (self.folder / RENDERS).exists():
            return None
        z = {name: values[: self.most] for name, values in codec.read(self.folder / RENDERS).items()}
        crops = self.put(z["crops"])
        crops = crops if stored == LARGE else halved(crops)
        ones = torch.ones(len(crops), device=self.device)
        return Crops(crops, self.put(z["expression"].astype(np.float32)), weight * ones, ones, -ones.long())

    def other(self) -> Crops | None:
        """Pictures of which no expression is known, most of them of no face."""
        if not (self.folder / OTHER).exists():
            return None
        crops = self.put(codec.read(self.folder / OTHER)["crops"][: self.most])
        none = torch.zeros(len(crops), device=self.device)
        return Crops(crops, torch.full((len(crops), len(LABELS)), 1 / len(LABELS), device=self.device), none, none + 1, -1 - none.long())

    def valid(self, stored: int) -> Judged:
        """FER+ validation as the server cuts it."""
        z = {name: values[: self.most] for name, values in codec.read(self.folder / VALID).items()}
        labels = protocol(z["votes"])[1].argmax(1)
        crops = cut(self.put(z["images"]), self.put(z["matrix_landmarks"]), stored)
        return Judged(centre(crops), self.put(labels), self.put(z["repeated"]))


def centre(crops: Tensor) -> Tensor:
    """Stored crops [N, S, S] without their margin."""
    size = crops.shape[-1] * SIZE // STORED
    margin = (crops.shape[-1] - size) // 2
    return crops[:, margin : margin + size, margin : margin + size]


def halved(crops: Tensor) -> Tensor:
    """Crops uint8 [N, S, S] at half the size, each pixel the mean of four."""
    count, height, width = crops.shape
    sums = crops.reshape(count, height // 2, 2, width // 2, 2).to(torch.int16).sum((2, 4))
    return ((sums + 2) // 4).to(torch.uint8)


@torch.no_grad()
def probabilities(network, crops: Tensor, step: int = 1024) -> Tensor:
    """Mean of what `network` (faces to logits) says of each crop [N, S, S] and of its mirror image, float32 [N, 8]."""
    seen = []
    for part in crops.split(step):
        x = part[:, None].float()
        seen.append((network(x).softmax(1) + network(x.flip(3)).softmax(1)) / 2)
    return torch.cat(seen)


def accuracies(said: Tensor, judged: Judged) -> dict[str, float]:
    """Share of FER+ validation that `said` [N, 8] names right: of all rows, and of pictures that training lacks; and the mean
    negative logarithm of what it gave the right class."""
    right = said.argmax(1) == judged.labels
    given = said.gather(1, judged.labels[:, None])[:, 0].clamp(min=1e-9)
    apart = right[~judged.repeated]
    return {
        "accuracy": round(float(right.float().mean()), 4),
        "apart": round(float(apart.float().mean()), 4),
        "negativeLogLikelihood": round(float(-given.log().mean()), 4),
    }
