"""The shipped graph: all members, both flips, temperature and quality between raw pixels and answers."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from .data import SIZE
from .layers import ConvNorm
from .networks import Network, Shape
from .rows import LANDMARK_FLIP, POSE_UNIT, mirrored_units

OUTPUTS = ("expression", "members", "valence_arousal", "action_units", "landmarks", "pose", "quality")


class Ensemble(nn.Module):
    """Faces uint8 [F, 1, S, S] to the outputs of the model contract, in the order of `OUTPUTS`."""

    def __init__(self, networks: list[Network], units: list[str], temperature: float, quality: list[float], flips: bool):
        super().__init__()
        self.networks = nn.ModuleList(networks)
        self.flips, self.temperature = flips, temperature
        self.low, self.span = quality[0], quality[1] - quality[0]
        self.register_buffer("mirror", torch.arange(SIZE - 1, -1, -1), persistent=False)
        self.register_buffer("marks", torch.tensor(LANDMARK_FLIP), persistent=False)
        self.register_buffer("units", torch.tensor(mirrored_units(units)), persistent=False)

    def forward(self, faces: Tensor) -> tuple[Tensor, ...]:
        x = faces.float()
        seen = [self.heads(net, x) for net in self.networks]
        mean = {name: torch.stack([s[name] for s in seen]).mean(0) for name in seen[0]}
        members = torch.stack([s["expression"] / self.temperature for s in seen]).softmax(-1)
        quality = ((mean["quality"].sigmoid() - self.low) / self.span).clamp(0.0, 1.0)
        return (
            members.mean(0), members, mean["valence_arousal"], mean["action_units"], mean["landmarks"],
            mean["pose"] * POSE_UNIT, quality,
        )  # fmt: skip

    @torch.no_grad()
    def shift(self, bias: list[float]) -> None:
        """Add `bias` [8] to every member's logits of the expression, in its last layer."""
        for network in self.networks:
            network.heads["expression"].bias += torch.tensor(bias)

    def heads(self, net: Network, x: Tensor) -> dict[str, Tensor]:
        """One member's heads, averaged over the face and its mirror image."""
        out = self.activated(net(x))
        if not self.flips:
            return out
        other = self.unflip(self.activated(net(x.index_select(3, self.mirror))))
        return {name: (out[name] + other[name]) * 0.5 for name in out}

    @staticmethod
    def activated(out: dict[str, Tensor]) -> dict[str, Tensor]:
        """Heads that the contract has, action units as intensities."""
        names = ("expression", "valence_arousal", "landmarks", "pose", "quality")
        return {name: out[name] for name in names} | {"action_units": out["action_units"].sigmoid()}

    def unflip(self, out: dict[str, Tensor]) -> dict[str, Tensor]:
        """The heads of a mirrored face as those of the face."""
        marks = out["landmarks"].index_select(1, self.marks)
        sides = marks.new_tensor([-1.0, 1.0])
        turn = marks.new_tensor([-1.0, 1.0, -1.0])
        placed = marks * sides + marks.new_tensor([1.0, 0.0])
        units = out["action_units"].index_select(1, self.units)
        return out | {"landmarks": placed, "pose": out["pose"] * turn, "action_units": units}


def load_members(states: list[dict]) -> tuple[list[Network], list[str]]:
    """Averaged networks of training states, batch norms folded, and their action units' names."""
    networks = []
    for state in states:
        shape = Shape(**state["member"]["shape"], action_units=max(1, len(state["units"])))
        network = Network(shape)
        network.load_state_dict({name: value.float() for name, value in state["average"].items() if "num_batches" not in name}, strict=False)
        networks.append(fold(network.eval()))
    return networks, states[0]["units"]


def fold(network: Network) -> Network:
    """A copy whose batch norms are part of the convolutions."""
    network = copy.deepcopy(network)
    for module in network.modules():
        if isinstance(module, ConvNorm):
            module[0], module[1] = fuse_conv_bn_eval(module[0], module[1]), nn.Identity()
    return network


def round_weights(network: nn.Module) -> nn.Module:
    """Round every weight to half precision in place, so that the file that stores halves is exact."""
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.copy_(parameter.half().float())
    return network
