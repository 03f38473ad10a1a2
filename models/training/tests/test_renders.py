"""Files of renders: their action units are read by name, and what is held out stands behind no head."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from training import data, faces, synthetic
from training.detector.sources import read_tar
from training.splits import split
from training.synth import action_units, background, dataset

CONFIG = json.loads((Path(data.__file__).parent / "config.json").read_text())
face_data = pytest.mark.skipif(not (data.DATA / "ict_facekit_light.npz").exists(), reason="no 3D face")


def test_renders_give_action_units_by_name(tmp_path):
    """Files name their action units: another order is put right, a missing one is an error, two orders do not mix."""
    z = {"action_unit_names": np.array(["AU12", "AU1"]), "action_units": np.float32([[0.2, 0.9], [0.4, 1.3]])}
    assert np.allclose(synthetic.ordered_units(z, ["AU1", "AU12"]), [[0.9, 0.2], [1, 0.4]])
    with pytest.raises(ValueError, match="AU4"):
        synthetic.ordered_units(z, ["AU4"])
    with pytest.raises(ValueError, match="different action units"):
        synthetic.together([z, z | {"action_unit_names": np.array(["AU1", "AU12"])}])


@face_data
def test_the_names_that_a_shard_writes_are_the_ones_that_are_read(tmp_path):
    path = tmp_path / "synth_0000.npz"
    dataset.render_shard(str(path), 1, 0, 2, 96, str(data.DATA))
    cut = synthetic.cut_renders(dict(np.load(path)), np.asarray(CONFIG["crop"]["template"]), faces.NOTHING)
    assert list(cut["action_unit_names"]) == list(action_units.NAMES)


@face_data
def test_no_head_stands_before_a_background_that_is_held_out():
    shown = background.load(str(data.DATA))
    everything = read_tar(data.DATA / "backgrounds.tar")
    assert len(shown) == sum(split("backgrounds", name) == "training" for name in everything) < len(everything)
