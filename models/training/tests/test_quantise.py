"""The file in integers: made from the one that ships, described by the same card, near enough to it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from training import export, quantise
from training.scorer import Scorer, card_of, file_of

MODELS = Path(__file__).parents[2]
shipped = pytest.mark.skipif(not (MODELS / "ensemble.int8.onnx").exists(), reason="no models/ensemble.int8.onnx")


def graph(nodes: list, weights: dict[str, np.ndarray]) -> onnx.ModelProto:
    """A model of these nodes from `x` to `y`."""
    value = lambda name: helper.make_tensor_value_info(name, TensorProto.FLOAT, None)
    named = [numpy_helper.from_array(np.asarray(array), name) for name, array in weights.items()]
    return helper.make_model(helper.make_graph(nodes, "g", [value("x")], [value("y")], named))


@shipped
def test_the_card_describes_the_file_in_integers_and_names_the_one_it_was_made_from():
    kind = "ensemble"
    card = json.loads((MODELS / f"{kind}.json").read_text())
    told, digest = card["int8"], lambda path: hashlib.sha256(path.read_bytes()).hexdigest()
    path = file_of(MODELS, kind, "int8")
    assert (told["sha256"], told["madeFrom"], told["bytes"]) == (digest(path), digest(MODELS / f"{kind}.onnx"), path.stat().st_size)
    assert card["sha256"] == told["madeFrom"] and card_of(path) == MODELS / f"{kind}.json"


@shipped
def test_integers_say_of_pictures_about_what_single_precision_says():
    x, y = np.meshgrid(np.arange(48), np.arange(48))
    faces = np.stack([128 + 90 * np.sin(x / wide) * np.cos(y / (wide + 1)) for wide in (3, 5, 8)]).astype(np.uint8)
    before, after = (Scorer(MODELS, precision=precision).faces(faces) for precision in ("single", "int8"))
    assert np.abs(before["landmarks"] - after["landmarks"]).mean() < 0.02
    assert np.abs(before["expression"] - after["expression"]).mean() < 0.05
    assert not np.array_equal(before["landmarks"], after["landmarks"])


@shipped
def test_both_files_divide_logits_by_the_temperature_that_the_card_tells():
    told = json.loads((MODELS / "ensemble.json").read_text())["temperature"]
    for precision in ("single", "int8"):
        model = onnx.load(file_of(MODELS, "ensemble", precision))
        made = {name: node for node in model.graph.node for name in node.output}
        constants = {t.name: t for t in model.graph.initializer} | {n.output[0]: n.attribute[0].t for n in model.graph.node if n.op_type == "Constant"}
        divisions = [node for node in model.graph.node if node.op_type == "Div" and node.input[0] in made]
        logits = [node for node in divisions if made[node.input[0]].op_type == "Gemm"]
        assert [float(numpy_helper.to_array(constants[node.input[1]])) for node in logits] == pytest.approx([told, told])


def test_all_files_together_are_below_25_megabytes():
    assert sum(path.stat().st_size for path in MODELS.glob("*.onnx")) < 25e6


def test_halves_become_single_and_back_but_for_what_has_to_stay_exact():
    weights = {"w": np.full((1, 64), 0.1, np.float32), "scale": np.full((1, 64), 0.1, np.float32)}
    nodes = [helper.make_node("Mul", ["x", "w"], ["a"]), helper.make_node("Mul", ["a", "scale"], ["y"])]
    halved = export.store_halves(graph(nodes, weights), {"scale"})
    kinds = {t.name: t.data_type for t in halved.graph.initializer}
    assert kinds == {"w_half": TensorProto.FLOAT16, "scale": TensorProto.FLOAT}
    wide = quantise.widened(halved)
    assert [node.op_type for node in wide.graph.node] == ["Mul", "Mul"]
    assert {t.name: t.data_type for t in wide.graph.initializer} == {"w": TensorProto.FLOAT, "scale": TensorProto.FLOAT}


def test_convolutions_that_heads_read_and_the_first_two_stay_in_single_precision():
    conv = lambda name, x, y: helper.make_node("Conv", [x, f"{name}.w"], [y], name=name)
    shapes = {"/networks.0/backbone.0/Conv": (8, 1, 5, 5), "/networks.0/backbone.1/Conv": (8, 8, 3, 3), "/networks.0/backbone.10/Conv": (8, 8, 3, 3)}
    shapes |= {"point": (4, 8, 1, 1), "last": (15, 4, 1, 1)}
    names = list(shapes)
    weights = {f"{name}.w": np.zeros(shape, np.float32) for name, shape in shapes.items()}
    model = graph([conv(name, f"x{k}", f"x{k + 1}") for k, name in enumerate(names)], weights)
    assert quantise.kept_single(model, "ensemble") == [*names[:2], "point", "last"]
    assert quantise.kept_single(model, "detector") == ["last"]
