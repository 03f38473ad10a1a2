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
def test_the_file_in_integers_has_the_temperature_that_the_card_tells():
    model = onnx.load(file_of(MODELS, "ensemble", "int8"))
    told = json.loads((MODELS / "ensemble.json").read_text())["int8"]["metrics"]["temperature"]
    divisors = {node.input[1] for node in model.graph.node if node.op_type == "Div"}
    values = [float(numpy_helper.to_array(t)) for t in model.graph.initializer if t.name in divisors and not t.dims]
    assert any(abs(value - told) < 1e-3 for value in values)


def test_all_files_together_are_below_25_megabytes():
    assert sum(path.stat().st_size for path in MODELS.glob("*.onnx")) < 25e6


def test_a_temperature_is_changed_where_logits_are_divided_by_it_and_nowhere_else():
    nodes = [helper.make_node("Div", ["x", "t"], ["a"]), helper.make_node("Mul", ["a", "other"], ["y"])]
    cooled = quantise.cooled(graph(nodes, {"t": np.float32(0.8), "other": np.float32(0.8)}), 0.8, 1.5)
    assert [float(numpy_helper.to_array(t)) for t in cooled.graph.initializer] == pytest.approx([1.2, 0.8])
    with pytest.raises(ValueError, match="divided by the temperature 0.7"):
        quantise.cooled(cooled, 0.7, 1.5)


def test_halves_become_single_and_back_but_for_what_has_to_stay_exact():
    weights = {"w": np.full((1, 64), 0.1, np.float32), "scale": np.full((1, 64), 0.1, np.float32)}
    nodes = [helper.make_node("Mul", ["x", "w"], ["a"]), helper.make_node("Mul", ["a", "scale"], ["y"])]
    halved = export.store_halves(graph(nodes, weights), {"scale"})
    kinds = {t.name: t.data_type for t in halved.graph.initializer}
    assert kinds == {"w_half": TensorProto.FLOAT16, "scale": TensorProto.FLOAT}
    wide = quantise.widened(halved)
    assert [node.op_type for node in wide.graph.node] == ["Mul", "Mul"]
    assert {t.name: t.data_type for t in wide.graph.initializer} == {"w": TensorProto.FLOAT, "scale": TensorProto.FLOAT}


def test_convolutions_that_heads_read_stay_in_single_precision():
    conv = lambda name, x, y: helper.make_node("Conv", [x, f"{name}.w"], [y], name=name)
    weights = {"wide.w": np.zeros((8, 1, 3, 3), np.float32), "point.w": np.zeros((4, 8, 1, 1), np.float32), "last.w": np.zeros((15, 4, 1, 1), np.float32)}
    model = graph([conv("wide", "x", "a"), conv("point", "a", "b"), conv("last", "b", "y")], weights)
    assert quantise.read_by_heads(model, "ensemble") == ["point", "last"]
    assert quantise.read_by_heads(model, "detector") == ["last"]
