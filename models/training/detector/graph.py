"""Writes the trained network as an ONNX graph that takes pixels and gives answers.

Batch normalisation and the input's scaling are folded into the convolutions, and the strides into the
last of them, so that it answers in pixels. The candidates' columns and rows are ranges up to the map's own
width and height, which every execution provider leaves to the CPU; all else are operators that each of
them has. (CumSum over ones would need no shape, but WebGPU's has been wrong about its axis.)
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
# The network's channels, sorted by what is added to them: score; x of centre and landmarks; y; log sizes.
ORDER = [0, 1, *range(5, 15, 2), 2, *range(6, 15, 2), 3, 4]
ACROSS, DOWN, EXTENT = (1, 7), (7, 13), (13, 15)


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
    answers, top = [], None
    for i in reversed(range(len(STRIDES))):
        side = w.conv_norm(levels[i], network.lateral[i], f"lateral{STRIDES[i]}")
        top = side if top is None else merge(w, side, top, STRIDES[i])
        answers.insert(0, head(w, network, top, STRIDES[i]))
    decode(w, w.add("Concat", answers, "answers", axis=2))
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


def head(w: Writer, network: Detector, x: str, stride: int) -> str:
    """Answers [N, 15, A] of one stride, in the order of `ORDER`, in pixels of the picture."""
    level = STRIDES.index(stride)
    x, out = w.sequence(x, network.heads[level], f"head{stride}"), network.outs[level]
    weight, bias = (p.detach().double().numpy().copy() for p in (out.weight, out.bias))
    lengths = [1, 2, *range(5, OUTPUTS)]
    weight[lengths] *= stride
    bias[lengths] *= stride
    bias[3:5] += math.log(stride / 2)  # the exponential of it is half a side
    raw = w.conv(x, out, weight[ORDER], bias[ORDER], f"out{stride}")
    across = w.add("Add", [channels(w, raw, *ACROSS, f"dx{stride}"), ramp(w, raw, 3, stride)], f"x{stride}")
    down = w.add("Add", [channels(w, raw, *DOWN, f"dy{stride}"), ramp(w, raw, 2, stride)], f"y{stride}")
    parts = [channels(w, raw, 0, 1, f"logit{stride}"), across, down, channels(w, raw, *EXTENT, f"log{stride}")]
    placed = w.add("Concat", parts, f"placed{stride}", axis=1)
    return w.add("Reshape", [placed, w.constant("flat", np.array([0, 0, -1], np.int64))], f"flat{stride}")


def ramp(w: Writer, x: str, axis: int, stride: int) -> str:
    """Centres of the columns (axis 3) or rows (axis 2) of `x`, in pixels, shaped to be added to it."""
    name = f"ramp{axis}_{stride}"
    size = w.add("Shape", [x], f"{name}.shape", start=axis, end=axis + 1)
    size = w.add("Squeeze", [size, w.constant("first", np.array([0], np.int64))], f"{name}.size")
    zero, one = (w.constant(k, np.array(v, np.int64)) for k, v in (("zero", 0), ("one", 1)))
    steps = w.add("Range", [zero, size, one], f"{name}.range")
    steps = w.add("Cast", [steps], f"{name}.float", to=TensorProto.FLOAT)
    steps = w.add("Mul", [steps, w.constant(f"stride{stride}", np.float32(stride))], f"{name}.pixels")
    steps = w.add("Add", [steps, w.constant(f"half{stride}", np.float32(stride / 2))], f"{name}.centres")
    shape = [1, 1, 1, -1] if axis == 3 else [1, 1, -1, 1]
    return w.add("Reshape", [steps, w.constant(f"along{axis}", np.array(shape, np.int64))], name)


def channels(w: Writer, x: str, start: int, end: int, name: str) -> str:
    """Channels `start` to `end` of axis 1."""
    ends = [w.constant(f"i{v}", np.array([v], np.int64)) for v in (start, end)]
    return w.add("Slice", [x, *ends, w.constant("axis1", np.array([1], np.int64))], name)


def decode(w: Writer, x: str) -> None:
    """Answers [N, 15, A] of all strides, in pixels, to the three outputs."""
    score = w.add("Sigmoid", [channels(w, x, 0, 1, "logits")], "probabilities")
    w.add("Reshape", [score, w.constant("rows", np.array([0, -1], np.int64))], "scores")
    starts = {"x": ACROSS[0], "y": DOWN[0]}
    middle = w.add("Concat", [channels(w, x, s, s + 1, f"middle_{k}") for k, s in starts.items()], "middle", axis=1)
    half = w.add("Exp", [channels(w, x, *EXTENT, "log_half")], "half")
    corners = [w.add("Sub", [middle, half], "low"), w.add("Add", [middle, half], "high")]
    w.add("Transpose", [w.add("Concat", corners, "corners", axis=1)], "boxes", perm=[0, 2, 1])
    column = w.constant("as_column", np.array([0, 5, -1, 1], np.int64))
    points = [w.add("Reshape", [channels(w, x, s + 1, s + 6, f"five_{k}"), column], f"points_{k}") for k, s in starts.items()]
    w.add("Transpose", [w.add("Concat", points, "points", axis=3)], "landmarks", perm=[0, 2, 1, 3])


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
