"""The multi-task network: one backbone, an emotion branch and an appearance branch that see each other.

After Jeong et al. (2022, arXiv 2207.10025): both branches get the features of the shared backbone and
those of the other branch, so that all face information serves every task.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .layers import AddedBlock, Block, ConvNorm, Pool, Stem, standardised, to_single

LANDMARKS = 68
EXPRESSIONS = 8
PLACES = 3  # side of the last feature map, for faces of 48 px


@dataclass(frozen=True)
class Shape:
    """One member's build. `depths` counts residual blocks after each stage's stride-2 convolution, `added` those that were put
    behind them when the member had been trained (`grow.py`)."""

    widths: tuple[int, ...] = (32, 64, 128, 192)
    depths: tuple[int, ...] = (0, 1, 1, 1)
    added: tuple[int, ...] = (0, 0, 0, 0)
    stem: str = "conv5"  # conv5 | fold: pixels to channels | sharpen: fixed high-pass beside the pixels
    pooling: str = "mean"  # mean | attention
    light: str = "fixed"  # fixed: the same scale for all | face: every face to mean 0 and spread 1
    finer: tuple[int, ...] = ()  # channels that landmarks see of the maps before the last, the finest first
    heat: int = 0  # channels of the map on which landmarks are placed; 0: none
    squeeze: bool = True
    branch: int = 128
    dropout: float = 0.3
    action_units: int = 0


class LateralFeatures(nn.Module):
    """What the appearance branch sees of finer maps: a few channels of each, where they are.

    From a list of maps [N, C, S, S] to [N, 2 * branch], to be added before the branch's activation. It starts
    at zero, so that a network trained without it goes on where it was.
    """

    def __init__(self, shape: Shape):
        super().__init__()
        count = len(shape.finer)
        sides = [PLACES * 2 ** (count - i) for i in range(count)]
        self.picks = nn.ModuleList(ConvNorm(w, c, 1) for w, c in zip(shape.widths[-1 - count : -1], shape.finer))
        self.join = nn.Linear(sum(c * s * s for c, s in zip(shape.finer, sides)), 2 * shape.branch, bias=False)
        nn.init.zeros_(self.join.weight)

    def forward(self, maps: list[Tensor]) -> Tensor:
        seen = [pick(x).flatten(1) for pick, x in zip(self.picks, maps[-len(self.picks) :])]
        return self.join(torch.cat(seen, 1))


class HeatmapHead(nn.Module):
    """Where each landmark is on a map of 4 px a cell, as the mean of a softmax over its cells: what a sum over features
    cannot give, an answer that moves with the face (integral regression, Sun et al., 2018).

    From a list of maps to [N, 68, 2], shifts from the crop's middle. It starts at zero everywhere.
    """

    def __init__(self, shape: Shape):
        super().__init__()
        self.levels = nn.ModuleList(ConvNorm(w, shape.heat, 1, act=False) for w in shape.widths[-3:])
        self.mix = ConvNorm(shape.heat, shape.heat)
        self.score = nn.Conv2d(shape.heat, LANDMARKS, 1)
        nn.init.zeros_(self.score.weight)
        nn.init.zeros_(self.score.bias)
        side = 4 * PLACES
        along = (torch.arange(side) + 0.5) / side - 0.5
        self.register_buffer("across", along.repeat(side), persistent=False)
        self.register_buffer("down", along.repeat_interleave(side), persistent=False)

    def forward(self, maps: list[Tensor]) -> Tensor:
        fine, middle, coarse = (level(x) for level, x in zip(self.levels, maps[-3:]))
        joined = fine + upsampled(middle + upsampled(coarse))
        heat = to_single(self.score(self.mix(F.silu(joined)))).flatten(2).softmax(-1)
        # Not a matrix product, which autocast would do in bfloat16.
        return torch.stack([(heat * self.across).sum(-1), (heat * self.down).sum(-1)], -1)


def upsampled(x: Tensor) -> Tensor:
    """Each pixel of `x` [N, C, S, S] twice in both directions."""
    return F.interpolate(x, scale_factor=2.0, mode="nearest")


class Network(nn.Module):
    """Heads by name from faces [N, 1, S, S] with values 0 to 255.

    expression logits [N, 8], valence_arousal [N, 2] (-1 to 1), landmarks [N, 68, 2] (0 to 1 in the crop),
    pose [N, 3] (units of 60 degrees), action_units [N, K] logits, visibility [N, 68] logits, quality [N] logit.
    """

    def __init__(self, shape: Shape):
        super().__init__()
        self.shape = shape
        layers, self.ends, width = [Stem(shape.widths[0], shape.stem)], [], shape.widths[0]
        for stage, (outputs, depth, added) in enumerate(zip(shape.widths, shape.depths, shape.added)):
            if stage:
                layers.append(ConvNorm(width, outputs, 3, 2))
            layers += [Block(outputs, shape.squeeze and stage > 0) for _ in range(depth)]
            layers += [AddedBlock(outputs, shape.squeeze and stage > 0) for _ in range(added)]
            self.ends.append(len(layers) - 1)
            width = outputs
        self.backbone = nn.Sequential(*layers)
        self.pool = Pool(width, shape.pooling)
        self.emotion = nn.Linear(width, shape.branch)
        self.places = ConvNorm(width, 32, 1)  # keeps where things are, for landmarks and pose
        self.appearance = nn.Linear(width + 32 * PLACES**2, 2 * shape.branch)
        self.finer = LateralFeatures(shape) if shape.finer else None
        self.heat = HeatmapHead(shape) if shape.heat else None
        both = 3 * shape.branch
        self.heads = nn.ModuleDict({name: nn.Linear(both, size) for name, size in self.sizes().items()})
        self.drop = nn.Dropout(shape.dropout)

    def sizes(self) -> dict[str, int]:
        """Outputs per head."""
        sizes = {"expression": EXPRESSIONS, "valence_arousal": 2, "landmarks": LANDMARKS * 2, "pose": 3}
        return sizes | {"action_units": self.shape.action_units, "visibility": LANDMARKS, "quality": 1}

    def forward(self, faces: Tensor) -> dict[str, Tensor]:
        maps = self.maps_of(faces)
        return self.answers(self.features(maps), maps)

    def maps_of(self, faces: Tensor) -> list[Tensor]:
        """The backbone's maps of faces [N, 1, S, S] with values 0 to 255, the finest first."""
        return self.maps(standardised(faces, self.shape.light))

    def features(self, maps: list[Tensor]) -> Tensor:
        """What both branches see, [N, 3 * branch]: the input of every head."""
        features = maps[-1]
        pooled = self.pool(features)
        placed = self.places(features)
        emotion = F.silu(self.emotion(self.drop(pooled)))
        appearance = self.appearance(torch.cat([pooled, placed.flatten(1)], 1))
        if self.finer is not None:
            appearance = appearance + self.finer(maps[:-1])
        appearance = F.silu(appearance)
        return torch.cat([self.drop(emotion), appearance], 1)

    def answers(self, both: Tensor, maps: list[Tensor]) -> dict[str, Tensor]:
        """The heads by name, from the branches' features and the backbone's maps."""
        out = {name: to_single(head(both)) for name, head in self.heads.items()}
        out["valence_arousal"] = torch.tanh(out["valence_arousal"])
        out["landmarks"] = out["landmarks"].reshape(-1, LANDMARKS, 2) + 0.5
        if self.heat is not None:
            out["landmarks"] = out["landmarks"] + self.heat(maps)
        out["quality"] = out["quality"][:, 0]
        return out

    def maps(self, x: Tensor) -> list[Tensor]:
        """The last feature map of every stage, the finest first."""
        found = []
        for index, layer in enumerate(self.backbone):
            x = layer(x)
            if index in self.ends:
                found.append(x)
        return found


def multiply_adds(network: Network, size: int = 48) -> int:
    """Multiply-adds of the convolutions and linear layers for one face."""
    total = 0

    def count(module: nn.Module, _inputs, output: Tensor) -> None:
        nonlocal total
        places = output.shape[2] * output.shape[3] if output.dim() == 4 else 1
        total += module.weight.numel() * places

    hooks = [m.register_forward_hook(count) for m in network.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    training = network.training
    with torch.no_grad():
        network.eval()(torch.zeros(1, 1, size, size))
    network.train(training)
    for hook in hooks:
        hook.remove()
    return total
