"""A network's weights: what decays, what is averaged, what a checkpoint gives, and what they answer."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from .networks import Network, Shape


def parameter_groups(network: nn.Module, options: dict) -> list[dict]:
    """Weight decay for matrices and kernels only."""
    parameters = list(network.parameters())
    shared = {"lr": options["rate"], "momentum": options["momentum"]}
    heavy, light = [p for p in parameters if p.dim() > 1], [p for p in parameters if p.dim() <= 1]
    return [{"params": heavy, "weight_decay": options["decay"], **shared}, {"params": light, "weight_decay": 0, **shared}]


@torch.no_grad()
def update_average(average: nn.Module, network: nn.Module, keep: float) -> None:
    """Move the exponential moving average of weights and batch-norm statistics on by one step, in place."""
    pairs = list(zip(average.state_dict().values(), network.state_dict().values()))
    moving = [(mean, now) for mean, now in pairs if mean.is_floating_point()]
    torch._foreach_lerp_([mean for mean, _ in moving], [now for _, now in moving], 1 - keep)
    for mean, now in pairs:
        if not mean.is_floating_point():
            mean.copy_(now)


def load_matching(network: nn.Module, state: dict[str, Tensor]) -> bool:
    """Load the entries whose shapes fit; True when all of them did."""
    own = network.state_dict()
    fitting = {name: value for name, value in state.items() if name in own and own[name].shape == value.shape}
    network.load_state_dict(fitting, strict=False)
    return len(fitting) == len(own)


def restored(state: dict) -> Network:
    """The network of a checkpoint, with what was put into it since it began."""
    network = Network(Shape(**state["member"]["shape"], action_units=max(1, len(state["units"]))))
    load_matching(network, {name: value.float() if value.is_floating_point() else value for name, value in state["average"].items()})
    return network


def interpolated(start: dict[str, Tensor], end: dict[str, Tensor], share: float) -> dict[str, Tensor]:
    """Weights on the straight line from `start` (share 0) to `end` (1), of one network before and after it was trained on.
    Between the two it often keeps what it knew and has most of what it learnt (Wortsman et al., 2022, "Robust fine-tuning
    of zero-shot models")."""
    return {name: torch.lerp(start[name].float(), value.float(), share) for name, value in end.items()}


def half_precision(device: str):
    """A context in which `device` computes in bfloat16 where that is fast: on GPUs, and on processors with instructions for it
    (without them it is ten times slower than single precision)."""
    fast = device != "cpu" or torch.ops.mkldnn._is_mkldnn_bf16_supported()
    return torch.autocast(device, torch.bfloat16, enabled=fast)


@torch.no_grad()
def predict(network: Network, faces: np.ndarray, step: int = 256) -> dict[str, np.ndarray]:
    """Heads of `network` on faces uint8 [N, S, S]."""
    device, parts = next(network.parameters()).device, []
    network.eval()
    for i in range(0, len(faces), step):
        x = torch.from_numpy(np.ascontiguousarray(faces[i : i + step]))[:, None].float().to(device)
        with half_precision(device.type):
            parts.append(network(x.to(memory_format=torch.channels_last)))
    return {name: torch.cat([p[name] for p in parts]).float().cpu().numpy() for name in parts[0]}
