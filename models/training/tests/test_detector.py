"""The detector: geometry, composition, assignment, decoding and export."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from training.detector import boxes, masks, pool
from training.detector.assign import assign
from training.detector.average import averaged
from training.detector.canvas import FACE, IGNORE, Canvas
from training.detector.export import verify
from training.detector.graph import write_graph
from training.detector.losses import detection_loss
from training.detector.network import OUTPUTS, Detector, decode
from training.detector.runtime import open_session
from training.detector.sources import Picture
from training.detector.verdict import checked, judge


def face_row(x1, y1, x2, y2, kind=FACE):
    w, h = x2 - x1, y2 - y1
    five = [(0.3, 0.4), (0.7, 0.4), (0.5, 0.6), (0.35, 0.8), (0.65, 0.8)]
    return np.array([x1, y1, x2, y2, *(v for a, b in five for v in (x1 + a * w, y1 + b * h)), kind], np.float32)


@pytest.fixture(scope="module")
def network():
    """A network with lively random weights and statistics, as after training."""
    torch.manual_seed(0)
    net = Detector()
    with torch.no_grad():
        for module in net.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                module.running_mean.normal_(0, 0.3)
                module.running_var.uniform_(0.5, 2)
                module.weight.uniform_(0.5, 1.5)
                module.bias.normal_(0, 0.3)
        for out in net.outs:
            out.weight.normal_(0, 0.05)
    return net.eval()


def test_overlap_of_touching_contained_and_empty_boxes():
    a = np.array([[0, 0, 10, 10]], float)
    b = np.array([[10, 0, 20, 10], [0, 0, 5, 10], [3, 3, 3, 3], [0, 0, 10, 10]], float)
    assert boxes.iou(a, b)[0] == pytest.approx([0, 0.5, 0, 1])


def test_suppression_keeps_the_best_of_each_cluster():
    b = np.array([[0, 0, 10, 10], [1, 0, 11, 10], [50, 50, 60, 60]], float)
    assert boxes.suppress(b, np.array([0.5, 0.9, 0.4]), 0.4).tolist() == [1, 2]
    assert boxes.suppress(np.zeros((0, 4)), np.zeros(0), 0.4).tolist() == []


def test_mirrored_landmarks_keep_their_order_in_the_picture():
    row = face_row(10, 20, 50, 60)[None]
    mirrored = pool.mirror(row, 100)[0]
    assert mirrored[:4] == pytest.approx([50, 20, 90, 60])
    five = mirrored[4:14].reshape(5, 2)
    assert five[0, 0] < five[1, 0] and five[3, 0] < five[4, 0]
    assert pool.mirror(pool.mirror(row, 100), 100)[0] == pytest.approx(row[0])
    matrix = boxes.similarity(1, 0, True, np.array([30, 40]), np.array([70, 40]))
    _, five2 = boxes.transform(matrix, row[:, :4], row[:, 4:14].reshape(1, 5, 2))
    assert five2[0] == pytest.approx(five, abs=1e-4)


def test_a_turned_face_keeps_about_its_size():
    matrix = boxes.similarity(1, 45, False, np.zeros(2), np.zeros(2))
    box, _ = boxes.transform(matrix, np.array([[-10, -10, 10, 10.0]]), np.zeros((1, 5, 2)))
    assert box[0] == pytest.approx([-10, -10, 10, 10])


def test_a_stretched_picture_keeps_its_middle_and_its_sides_grow_apart():
    matrix = boxes.similarity(2.0, 0, False, np.array([10.0, 20.0]), np.array([50.0, 60.0]))
    wider = boxes.stretched(matrix, np.array([1.5, 0.5]), np.array([10.0, 20.0]))
    assert np.allclose(wider @ [10, 20, 1], [50, 60])
    assert np.allclose(wider @ [11, 21, 1], [53, 61])


def test_a_face_that_the_teacher_does_not_see_is_doubtful_and_so_is_a_stranger():
    row = lambda x, kind: np.r_[x, 0, x + 20, 20, np.zeros(10), kind].astype(np.float32)

    class Sees:
        def detect(self, picture, threshold):
            assert picture.shape == (64, 200, 3)
            return np.stack([row(1, 0.5), row(150, 0.9), row(100, 0.6)])

    rows = checked(np.zeros((64, 200), np.uint8), np.stack([row(0, FACE), row(50, FACE)]), Sees())
    assert [(r[0], r[14]) for r in rows] == [(0, FACE), (50, IGNORE), (150, IGNORE)]


def test_a_paste_moves_labels_and_hides_what_it_covers():
    canvas = Canvas(128)
    canvas.rows = face_row(20, 20, 50, 50)[None]
    gray = np.full((40, 40), 200, np.uint8)
    matrix = boxes.similarity(1, 0, False, np.array([20, 20]), np.array([35, 35]))
    canvas.paste(gray, face_row(10, 10, 30, 30)[None], matrix)
    assert len(canvas.rows) == 1
    assert canvas.rows[0, :4] == pytest.approx([25, 25, 45, 45])
    assert canvas.gray[35, 35] == 200 and canvas.gray[80, 80] == 0


def test_spectacles_ring_the_eyes_and_leave_the_mouth():
    gray = np.full((100, 100), 128, np.uint8)
    face = face_row(20, 20, 80, 80)
    for seed in range(20):
        changed = masks.spectacles(gray, face, np.random.default_rng(seed)) != gray
        assert changed[30:60].any() and not changed[66:].any() and not changed[:25].any()


def test_averaged_weights_lie_between():
    first, second = ({"w": torch.full((2,), v), "steps": torch.tensor(int(v))} for v in (1.0, 3.0))
    mean = averaged(first, second, 0.25)
    assert mean["w"].tolist() == [1.5, 1.5] and mean["steps"] == 3


def test_a_mask_covers_the_mouth_and_leaves_the_eyes():
    gray = np.full((100, 100), 128, np.uint8)
    face = face_row(20, 20, 80, 80)
    for seed in range(20):
        changed = masks.face_mask(gray, face, np.random.default_rng(seed)) != gray
        assert changed[60:75, 40:60].mean() > 0.8 and not changed[:45].any()


def test_a_face_cut_by_the_scene_or_too_small_is_doubtful():
    canvas = Canvas(100)
    canvas.rows = np.stack([face_row(-20, 10, 20, 50), face_row(50, 50, 58, 58), face_row(60, 10, 90, 40)])
    assert canvas.labels(12)[:, 14].tolist() == [IGNORE, IGNORE, FACE]


def test_a_dog_is_no_face_but_its_owner_is():
    scores = [0.85, 0.95]
    faces = np.stack([np.r_[face_row(0, 0, 40, 40)[:14], s] for s in scores])
    blank = np.zeros((64, 64), np.uint8)
    assert judge(Picture(blank, faces, name="n02099601_golden_retriever.jpg"))[:, 14].tolist() == [FACE]
    assert judge(Picture(blank, faces, name="portrait.jpg"))[:, 14].tolist() == [FACE, FACE]


def test_decoding_places_a_candidate_where_its_cell_is():
    maps = [torch.zeros(1, OUTPUTS, 64 // s, 96 // s) for s in (8, 16, 32)]
    maps[1][0, 1, 2, 3] = 0.5  # centre half a stride to the right
    maps[1][0, 3, 2, 3] = np.log(2.0)  # two strides wide
    box, logits, points, centres, strides = decode(maps)
    i = 8 * 12 + 2 * 6 + 3
    assert strides[i] == 16 and centres[i].tolist() == [56, 40]
    assert box[0, i].tolist() == pytest.approx([48, 32, 80, 48])
    assert points[0, i, 2].tolist() == [56, 40]
    assert logits.shape == (1, 8 * 12 + 4 * 6 + 2 * 3)


def test_each_face_takes_near_candidates_of_a_fitting_stride():
    maps = [torch.zeros(1, OUTPUTS, 128 // s, 128 // s) for s in (8, 16, 32)]
    for m in maps:
        m[:, 3:5] = np.log(4.0)
    box, logits, _, centres, strides = decode(maps)
    rows = torch.tensor(np.stack([face_row(20, 20, 52, 52), face_row(70, 70, 100, 100, IGNORE)]))[None]
    a = assign(logits.sigmoid(), box, centres, strides, rows[..., :4], rows[..., 14])
    taken = a.target[0] > 0
    assert 1 <= taken.sum() <= 9
    assert ((centres[taken] - 36).abs() <= 12).all()
    assert a.target[0].argmax() < 256  # the finest stride guesses 32 pixels
    inside = ((centres >= 70) & (centres <= 100)).all(1)
    assert a.ignored[0].tolist() == inside.tolist()


def test_near_candidates_that_are_not_taken_are_not_called_false():
    maps = [torch.zeros(1, OUTPUTS, 128 // s, 128 // s) for s in (8, 16, 32)]
    for m, strides_wide in zip(maps, (8.0, 4.0, 2.0)):
        m[:, 3:5] = np.log(strides_wide)
    box, logits, _, centres, strides = decode(maps)
    rows = torch.tensor(face_row(32, 32, 96, 96))[None, None]
    a = assign(logits.sigmoid(), box, centres, strides, rows[..., :4], rows[..., 14])
    good = torch.from_numpy(boxes.iou(rows[0, :, :4].numpy(), box[0].numpy())[0] >= 0.5)
    assert (good & (a.target[0] == 0)).any()
    assert a.ignored[0][good & (a.target[0] == 0)].all() and not a.ignored[0][~good].any()


def test_a_scene_is_hard_when_a_face_is_missed_or_invented():
    maps = [torch.zeros(3, OUTPUTS, 64 // s, 64 // s) for s in (8, 16, 32)]
    for m in maps:
        m[:, 0], m[:, 3:5] = -9.0, np.log(4.0)
    maps[0][1, 0, 0, 0] = 2.0  # a face invented in the second scene's corner
    maps[0][2, 0] = 4.0  # the third scene's face found, and the whole scene called a face
    rows = torch.zeros(3, 24, 15)
    rows[[0, 2], 0] = torch.tensor(face_row(16, 16, 48, 48))
    hard = detection_loss(decode(maps), rows, (1.0, 1.0, 1.0))["hard"]
    assert hard.tolist() == pytest.approx([0.6, 0.881, 0.982], abs=0.01)


def test_a_new_scene_takes_the_place_of_the_easiest():
    scenes = pool.Pool.__new__(pool.Pool)
    scenes.gray, scenes.made = [np.zeros((4, 8, 8))], [4]
    scenes.hard, scenes.seen = [np.array([0.9, 0.1, 0.5, 0.8])], [np.array([3, 3, 3, pool.WORN])]
    assert scenes._slots(0, 2).tolist() == [3, 1]
    scenes.learned(0, np.array([0]), np.array([0.1]))
    assert scenes.hard[0][0] == pytest.approx(0.5)
    scenes.made = [3]
    assert scenes._slots(0, 1).tolist() == [3]


def test_scenes_without_faces_still_teach():
    net = Detector()
    decoded = decode(net.maps(torch.rand(2, 1, 64, 64) * 255))
    losses = detection_loss(decoded, torch.zeros(2, 24, 15), (1.0, 2.0, 5.0))
    losses["loss"].backward()
    assert torch.isfinite(losses["loss"]) and all(out.weight.grad.abs().sum() > 0 for out in net.outs)


def test_the_exported_graph_equals_the_network(network):
    smooth = np.tile(np.linspace(0, 255, 320, dtype=np.uint8), (2, 1, 192, 1))
    assert verify(network, write_graph(network).SerializeToString(), [smooth]) <= 1e-4


def test_the_graph_uses_common_operators_and_takes_any_batch(network):
    model = write_graph(network)
    ops = {n.op_type for n in model.graph.node}
    assert ops <= {
        "Cast", "Sub", "Conv", "Relu", "Add", "Mul", "Resize", "Slice", "Concat", "Reshape", "Sigmoid", "Exp",
        "Transpose", "Shape", "Squeeze", "Range",
    }  # fmt: skip
    session = open_session(model.SerializeToString())
    one, two = (np.random.default_rng(i).integers(0, 256, (1, 1, 64, 96), np.uint8) for i in (0, 1))
    both = session.run(None, {"frames": np.concatenate([one, two])})
    alone = session.run(None, {"frames": two})
    for a, b in zip(both, alone):
        assert a[1] == pytest.approx(b[0], abs=1e-4)
