"""Writes the trained network as an ONNX graph that takes pixels and gives answers.

Batch normalisation and the input's scaling are folded into the convolutions, and the strides into the
last of them, so that it answers in pixels. The grid of candidates is a running sum over ones: no node
asks for a shape, so the graph stays on one device and takes any batch and size.
"""

from __future__ import annotations

import math

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from .config import STRIDES
from .network import MIDDLE, OUTPUTS, SPREAD, ConvNorm, Detector, Residual

OPSET = 17


class Writer:
    """Collects nodes and constants; every method gives the name of its result."""

    def __init__(self) -> None:
        self.nodes: list = []
        self.constants: dict[str, np.ndarray] = {}

    def constant(self, name: str, value: np.ndarray) -> str:
        """A named constant, kept once."""
        self.constants[name] = value
        return name

    def add(self, op: str, inputs: list[str], name: str, **attributes) -> str:
        """One node with one result, `name`."""
        self.nodes.append(helper.make_node(op, inputs, [name], name=name, **attributes))
        return name

    def conv(self, x: str, layer: nn.Conv2d, weight: np.ndarray, bias: np.ndarray, name: str) -> str:
        """A convolution shaped like `layer` with these weights."""
        w = self.constant(f"{name}.weight", weight.astype(np.float32))
        b = self.constant(f"{name}.bias", bias.astype(np.float32))
        return self.add(
            "Conv",
            [x, w, b],
            name,
            kernel_shape=list(layer.kernel_size),
            strides=list(layer.stride),
            pads=list(layer.padding) * 2,
            group=layer.groups,
        )

    def conv_norm(self, x: str, block: ConvNorm, name: str) -> str:
        """Convolution, folded normalisation, rectifier."""
        weight, bias = folded(block)
        y = self.conv(x, block.conv, weight, bias, name)
        return self.add("Relu", [y], f"{name}.relu") if block.act else y

    def residual(self, x: str, block: Residual, name: str) -> str:
        """relu(x + B(A(x)))."""
        y = self.conv_norm(self.conv_norm(x, block.a, f"{name}.a"), block.b, f"{name}.b")
        return self.add("Relu", [self.add("Add", [x, y], f"{name}.sum")], f"{name}.relu")

    def sequence(self, x: str, blocks: nn.Sequential, name: str) -> str:
        """Blocks one after another."""
        for i, block in enumerate(blocks):
            write = self.residual if isinstance(block, Residual) else self.conv_norm
            x = write(x, block, f"{name}.{i}")
        return x


def folded(block: ConvNorm) -> tuple[np.ndarray, np.ndarray]:
    """Weight and bias of the convolution with its normalisation folded in."""
    norm = block.norm
    gain = norm.weight / (norm.running_var + norm.eps).sqrt()
    weight = block.conv.weight * gain[:, None, None, None]
    bias = norm.bias - norm.running_mean * gain
    return weight.detach().double().numpy(), bias.detach().double().numpy()


def write_graph(network: Detector) -> onnx.ModelProto:
    """The model of the contract: `frames` to `boxes`, `scores` and `landmarks`."""
    w = Writer()
    x = w.add("Cast", ["frames"], "pixels", to=TensorProto.FLOAT)
    x = w.add("Sub", [x, w.constant("middle_gray", np.float32(MIDDLE))], "centred")
    x = w.sequence(x, network.stem, "stem")
    w.constants["stem.0.weight"] /= SPREAD
    levels = []
    for i, stage in enumerate(network.stages):
        x = w.sequence(x, stage, f"stage{STRIDES[i]}")
        levels.append(x)
    answers, grids = [], []
    top = None
    for i in reversed(range(len(STRIDES))):
        side = w.conv_norm(levels[i], network.lateral[i], f"lateral{STRIDES[i]}")
        top = side if top is None else merge(w, side, top, STRIDES[i])
        answer, grid = head(w, network, top, STRIDES[i])
        answers.insert(0, answer)
        grids.insert(0, grid)
    raw = w.add("Concat", answers, "raw", axis=2)
    grid = w.add("Concat", grids, "grid", axis=2)
    decode(w, raw, grid)
    return model(w)


def merge(w: Writer, side: str, top: str, stride: int) -> str:
    """The coarser level, doubled, on top of this one."""
    scales = w.constant("twice", np.array([1, 1, 2, 2], np.float32))
    up = w.add(
        "Resize",
        [top, "", scales],
        f"up{stride}",
        mode="nearest",
        coordinate_transformation_mode="asymmetric",
        nearest_mode="floor",
    )
    return w.add("Add", [side, up], f"merged{stride}")


def head(w: Writer, network: Detector, x: str, stride: int) -> tuple[str, str]:
    """Answers [N, 15, A] of one stride, in pixels, and the candidates' centres [N, 2, A]."""
    x = w.residual(x, network.head, f"head{stride}")
    weight, bias = (p.detach().double().numpy().copy() for p in (network.out.weight, network.out.bias))
    pixels = [1, 2, *range(5, OUTPUTS)]
    weight[pixels] *= stride
    bias[pixels] *= stride
    bias[3:5] += math.log(stride / 2)  # the exponential of it is half a side
    raw = w.conv(x, network.out, weight, bias, f"out{stride}")
    flat = w.constant("flat", np.array([0, 0, -1], np.int64))
    score = slice_channels(w, raw, 0, 1, f"logit_map{stride}")
    zeros = w.add("Sub", [score, score], f"zeros{stride}")
    steps = w.add("Add", [zeros, w.constant(f"step{stride}", np.float32(stride))], f"steps{stride}")
    sums = [
        w.add("CumSum", [steps, w.constant(f"axis{axis}", np.array(axis, np.int64))], f"sum{axis}_{stride}")
        for axis in (3, 2)
    ]
    centres = w.add("Concat", sums, f"ends{stride}", axis=1)
    centres = w.add("Sub", [centres, w.constant(f"half{stride}", np.float32(stride / 2))], f"centres{stride}")
    return w.add("Reshape", [raw, flat], f"raw{stride}"), w.add("Reshape", [centres, flat], f"grid{stride}")


def slice_channels(w: Writer, x: str, start: int, end: int, name: str) -> str:
    """Channels `start` to `end` of axis 1."""
    ends = [w.constant(f"i{v}", np.array([v], np.int64)) for v in (start, end)]
    return w.add("Slice", [x, *ends, w.constant("channels", np.array([1], np.int64))], name)


def decode(w: Writer, raw: str, grid: str) -> None:
    """Raw answers [N, 15, A] and centres [N, 2, A] to the three outputs."""
    logits = w.add("Sigmoid", [slice_channels(w, raw, 0, 1, "logits")], "probabilities")
    w.add("Reshape", [logits, w.constant("rows", np.array([0, -1], np.int64))], "scores")
    middle = w.add("Add", [slice_channels(w, raw, 1, 3, "shift"), grid], "middle")
    half = w.add("Exp", [slice_channels(w, raw, 3, 5, "log_half")], "half")
    corners = [w.add("Sub", [middle, half], "low"), w.add("Add", [middle, half], "high")]
    w.add("Transpose", [w.add("Concat", corners, "corners", axis=1)], "boxes", perm=[0, 2, 1])
    points = w.add(
        "Reshape", [slice_channels(w, raw, 5, 15, "offsets"), w.constant("as_points", np.array([0, 5, 2, -1], np.int64))], "points"
    )
    centres = w.add("Reshape", [grid, w.constant("as_centres", np.array([0, 1, 2, -1], np.int64))], "centre_points")
    w.add("Transpose", [w.add("Add", [points, centres], "placed")], "landmarks", perm=[0, 3, 1, 2])


def model(w: Writer) -> onnx.ModelProto:
    """The collected nodes as a checked model."""
    f = TensorProto.FLOAT
    graph = helper.make_graph(
        w.nodes,
        "mien_detector",
        [helper.make_tensor_value_info("frames", TensorProto.UINT8, ["n", 1, "height", "width"])],
        [
            helper.make_tensor_value_info("boxes", f, ["n", "candidates", 4]),
            helper.make_tensor_value_info("scores", f, ["n", "candidates"]),
            helper.make_tensor_value_info("landmarks", f, ["n", "candidates", 5, 2]),
        ],
        [numpy_helper.from_array(np.asarray(v), k) for k, v in w.constants.items()],
    )
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)
    onnx.checker.check_model(proto, full_check=True)
    return proto
