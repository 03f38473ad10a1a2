"""The kit for a card: what is packed comes back whole, what is cut on the device is what is cut here, and a run that is ended
goes on. Trained is for a second or two, on drawn blobs."""

from __future__ import annotations

import json
import subprocess
import sys
from argparse import Namespace
from pathlib import Path

import numpy as np
import pytest
import torch

from training import crop, data, smoke
from training.gpu import codec, deliver, distil, inference, pack, pieces, prepare, shards, use
from training.gpu.budget import Step, share
from training.gpu.cut import cut
from training.gpu.kit import Kit, centre, halved
from training.gpu.loop import Loop
from training.gpu.setting import merged
from training.gpu.teacher import Teacher, TeacherShape

MODELS = Path(__file__).parents[2]
CONFIG = json.loads((MODELS / "training" / "config.json").read_text())


def faces(count: int) -> np.ndarray:
    rng = np.random.default_rng(1)
    smooth = rng.normal(0, 20, (count, 48, 48)).cumsum(1).cumsum(2) / 12 + 120
    return smooth.clip(0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def kit(tmp_path_factory) -> Path:
    """A kit of 64 drawn faces and 8 renders, as `pack` lays it out."""
    folder = tmp_path_factory.mktemp("kit")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MIEN_CACHE", str(folder / "cache"))
        smoke.stand_in_faces(folder, 32)
        for split in ("train", "valid"):
            prepare.faces(split, CONFIG, folder, folder / "made")
    (folder / "data").mkdir()
    for split in ("train", "valid"):
        next((folder / "made").glob(f"ferplus_{split}_*")).rename(folder / "data" / f"ferplus_{split}.bin")
    rng = np.random.default_rng(2)
    codec.write(folder / "data" / "renders.bin", {"crops": rng.integers(0, 255, (8, 120, 120)).astype(np.uint8), "expression": np.eye(8, dtype=np.float32)})
    codec.write(folder / "data" / "other.bin", {"crops": rng.integers(0, 255, (5, 60, 60)).astype(np.uint8)})
    return folder


def test_arrays_come_back_as_they_were(tmp_path):
    arrays = {"faces": faces(40), "edges": np.uint8([[[0, 255], [255, 0]]]), "votes": np.arange(30, dtype=np.int16).reshape(3, 10), "sure": np.array([True, False])}
    arrays["flat"] = np.zeros((2, 1, 7), np.uint8)
    codec.write(tmp_path / "a.bin", arrays)
    found = codec.read(tmp_path / "a.bin")
    for name, values in arrays.items():
        assert found[name].dtype == values.dtype and np.array_equal(found[name], values), name
    noise = np.random.default_rng(0).integers(0, 256, (3, 9, 5)).astype(np.uint8)
    assert np.array_equal(codec.pictures_of(codec.residuals(noise)), noise)
    assert (tmp_path / "a.bin").stat().st_size < 0.8 * arrays["faces"].nbytes


def test_pieces_come_back_whole_and_are_within_the_limit(tmp_path):
    (tmp_path / "in").mkdir()
    contents = {"a/one.bin": np.random.default_rng(0).bytes(70_000), "b.txt": b"words " * 9000, "empty": b""}
    for name, content in contents.items():
        (tmp_path / "in" / Path(name).name).write_bytes(content)
    (tmp_path / "in" / "b.txt").chmod(0o755)
    manifest = pieces.write({name: tmp_path / "in" / Path(name).name for name in contents}, tmp_path / "out", 30_000)
    assert len(manifest["pieces"]) > 2 and all((tmp_path / "out" / p["name"]).stat().st_size <= 30_000 for p in manifest["pieces"])
    # By the copy that travels, in a Python of its own.
    said = subprocess.run([sys.executable, tmp_path / "out" / "unpack.py", tmp_path / "out", tmp_path / "back"], capture_output=True, text=True)
    assert said.returncode == 0, said.stderr
    for name, content in contents.items():
        assert (tmp_path / "back" / name).read_bytes() == content
    assert (tmp_path / "back" / "b.txt").stat().st_mode & 0o100 and not (tmp_path / "back" / "empty").stat().st_mode & 0o100
    assert str(tmp_path) not in (tmp_path / "out" / "manifest.json").read_text()


def test_a_file_that_changes_while_it_is_packed_is_packed_as_it_was_first(tmp_path, monkeypatch):
    file, read = tmp_path / "file", Path.read_bytes
    file.write_bytes(b"first " * 3000)

    def read_and_change(path):
        content = read(path)
        if path == file:
            path.write_bytes(content.replace(b"first", b"later"))
        return content

    monkeypatch.setattr(Path, "read_bytes", read_and_change)
    pieces.write({"file": file}, tmp_path / "out", 1 << 20)
    pieces.unpack(tmp_path / "out", tmp_path / "back")
    assert read(tmp_path / "back" / "file") == b"first " * 3000


def test_what_is_missing_or_changed_is_said(tmp_path):
    (tmp_path / "file").write_bytes(bytes(range(256)) * 400)
    pieces.write({"file.bin": tmp_path / "file"}, tmp_path / "out", 40_000)
    second = tmp_path / "out" / "piece-01"
    content = second.read_bytes()
    second.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(pieces.Broken, match="piece-01"):
        pieces.unpack(tmp_path / "out", tmp_path / "back")
    second.unlink()
    with pytest.raises(pieces.Broken, match="missing.*piece-01"):
        pieces.unpack(tmp_path / "out", tmp_path / "back")
    with pytest.raises(pieces.Broken, match="within the kit"):
        pieces.write({"../outside": tmp_path / "file"}, tmp_path / "out", 1000)


def test_only_what_git_tracks_is_packed_of_the_code():
    names = pack.code()
    assert "models/training/gpu/use.py" in names and "models/training/checkpoints/wide.pt" in names and "models/ensemble.onnx" in names
    assert not [name for name in names if name.startswith("/") or ".env" in name or "cache" in name or "/tests/" in name]


def test_faces_cut_on_the_device_are_those_cut_here():
    images, template = faces(24), np.asarray(CONFIG["crop"]["template"])
    rng = np.random.default_rng(3)
    spread = rng.choice([1.0, 0.6, 1.9], (24, 1, 1))
    points = (data.default_points(template, 48, 48) - 144) * spread + 144 + rng.normal(0, 6, (24, 5, 2))
    crops, matrices = data.cut_crops(images, points, np.ones(24, bool), template)
    mine = cut(torch.from_numpy(images), torch.from_numpy(matrices)).numpy()
    assert np.abs(mine.astype(int) - crops.astype(int)).max() <= 1
    large = np.stack([crop.cut(data.enlarge(image), 2 * matrix.astype(float), 120) for image, matrix in zip(images, matrices)])
    mine = cut(torch.from_numpy(images), torch.from_numpy(matrices), 120)
    assert np.abs(mine.numpy().astype(int) - large.astype(int)).max() <= 1
    assert centre(mine).shape == (24, 96, 96)


def test_half_the_size_is_the_mean_of_four():
    assert halved(torch.tensor([[[0, 1, 10, 20], [1, 0, 30, 40]]], dtype=torch.uint8)).tolist() == [[[1, 25]]]


def test_a_kit_is_read_as_it_was_packed(kit):
    opened = Kit(kit / "data", "cpu")
    rows = opened.real({"detector": 0.5, "whole": 0.25}, {"FEAR": 2.0}, 60, opened.votes, 3)
    assert rows.crops.shape == (128, 60, 60) and rows.fold.unique().tolist() == [0, 1, 2]
    assert torch.equal(rows.fold[:64], rows.fold[64:])
    fear = torch.from_numpy(opened.votes.argmax(1) == 6)
    assert rows.often[:64][fear].unique().tolist() == [1.0] and rows.often[64:][~fear].unique().tolist() == [0.25]
    assert opened.renders(60, 0.3).crops.shape == (8, 60, 60) and opened.other().weights.sum() == 0
    assert opened.valid(120).crops.shape == (32, 96, 96)


def test_the_same_picture_is_always_in_the_same_fold(kit):
    opened = Kit(kit / "data", "cpu")
    opened.train["images"][1] = opened.train["images"][0]
    codec.write(kit / "twins" / "ferplus_train.bin", opened.train)
    for count in (2, 3, 5):
        fold = Kit(kit / "twins", "cpu").folds(count)
        assert fold[0] == fold[1]


def test_a_target_is_votes_and_what_a_teacher_says_that_did_not_see_the_face():
    votes, said = np.float32([[1, 0], [1, 0]]), np.float32([[[0, 1], [0.5, 0.5]], [[1, 0], [1, 0]]])
    told = distil.blended(votes, said, np.array([0, 1]), np.array([0, 5]), share=0.5, unseen=0.5)
    assert told[0].tolist() == [0.5 + 0.5 * 0.25, 0.5 * 0.75]  # half of the one that left it out, half of the mean
    assert told[1].tolist() == [0.5 + 0.5 * 0.75, 0.5 * 0.25]  # nobody left it out: the mean


def test_the_teacher_is_as_large_as_it_should_be():
    network, total = Teacher(TeacherShape()).eval(), 0

    def count(module, _inputs, output):
        nonlocal total
        total += module.weight.numel() * (output.shape[2] * output.shape[3] if output.dim() == 4 else 1)

    for module in network.modules():
        if isinstance(module, torch.nn.Conv2d | torch.nn.Linear):
            module.register_forward_hook(count)
    with torch.no_grad():
        assert network(torch.zeros(1, 1, 96, 96)).shape == (1, 8)
    assert 0.5e9 < total < 1e9


def test_a_checkpoint_in_shards_comes_back_and_an_unfinished_one_leaves_the_one_before(tmp_path):
    first, second = {"weights": torch.arange(5000.0)}, {"weights": torch.ones(5000)}
    files = shards.save(tmp_path / "net.run", first, limit=8000)
    assert len(files) > 3 and all(file.stat().st_size <= 8000 for file in files[1:])
    (tmp_path / "net.run.b00").write_bytes(b"begun, not ended")
    assert torch.equal(shards.load(tmp_path / "net.run")["weights"], first["weights"])
    shards.save(tmp_path / "net.run", second, limit=8000)
    assert torch.equal(shards.load(tmp_path / "net.run")["weights"], second["weights"])
    assert not list(tmp_path.glob("net.run.a*"))
    shard = next(tmp_path.glob("net.run.b01"))
    shard.write_bytes(shard.read_bytes()[::-1])
    with pytest.raises(ValueError, match="net.run.b01"):
        shards.load(tmp_path / "net.run")
    shard.unlink()
    assert shards.load(tmp_path / "net.run") is None


def test_a_step_gets_what_it_wants_while_those_after_it_can_have_their_least():
    step = lambda least, wanted: Step("one", least, wanted, lambda _: [])
    assert share([step(10, 60), step(20, 90)], 200) == 60
    assert share([step(10, 60), step(20, 90)], 50) == 30
    assert share([step(10, 60), step(20, 90)], 25) == 25  # the later one falls out
    assert share([step(10, 60)], 9) is None


def test_what_is_most_wanted_is_brought_home_first_and_groups_stay_whole(tmp_path):
    sizes = {"log.txt": 500, "a": 40_000, "b1": 30_000, "b2": 30_000, "c": 20_000}
    (tmp_path / "work").mkdir()
    paths = {name: tmp_path / "work" / name for name in sizes}
    for name, size in sizes.items():
        paths[name].write_bytes(np.random.default_rng(size).bytes(size))
    groups = [[paths["a"]], [paths["b1"], paths["b2"]], [paths["c"], tmp_path / "work" / "absent"]]
    limits = deliver.Limits(files=6, each=50_000, together=100_000 + (256 << 10) + 20_480)
    assert deliver.deliver([paths["log.txt"]], groups, tmp_path / "out", limits) == ["b1", "b2"]
    brought = list((tmp_path / "out").iterdir())
    assert len(brought) <= 6 and all(path.stat().st_size <= 50_000 for path in brought)
    pieces.unpack(tmp_path / "out", tmp_path / "home")
    assert sorted(path.name for path in (tmp_path / "home").iterdir()) == ["a", "c"]


def test_only_libraries_that_the_machine_lacks_are_linked(tmp_path):
    (tmp_path / "brought").mkdir()
    for name in ("libvulkan.so.1", "libEGL.so.1"):
        (tmp_path / "brought" / name).write_bytes(b"")
    known = "\tlibEGL.so.1 (libc6,x86-64) => libEGL.so.1\n"
    folder = inference.missing_loaders(tmp_path / "brought", tmp_path / "links", known)
    assert [path.name for path in folder.iterdir()] == ["libvulkan.so.1"]
    assert inference.missing_loaders(tmp_path / "brought", tmp_path / "links", known + "\tlibvulkan.so.1 (libc6) =>\n") is None


def test_a_plan_is_changed_folder_by_folder():
    assert merged({"a": {"b": 1, "c": 2}, "d": 3}, {"a": {"b": 4}}) == {"a": {"b": 4, "c": 2}, "d": 3}


def test_a_run_with_a_card_needs_nothing_but_numpy_and_torch():
    blocked = ("cv2", "numba", "scipy", "onnx", "onnxruntime", "PIL", "mediapipe", "tqdm")
    program = f"import sys; sys.modules |= dict.fromkeys({blocked!r}); import training.gpu.step, training.gpu.use, training.gpu.unpack"
    said = subprocess.run([sys.executable, "-c", program], cwd=MODELS, capture_output=True, text=True)
    assert said.returncode == 0, said.stderr


def test_the_minutes_are_used_and_a_second_run_skips_what_is_done(kit, tmp_path, monkeypatch, capsys):
    """A teacher, a member and the report in small; then again, with nothing left but the report."""
    small = {"teacher": [1, 2], "members": [1, 2], "report": [1, 5]}
    monkeypatch.setattr(use.settings, "open_setting", quick(use.settings.open_setting, small))
    monkeypatch.chdir(MODELS)
    args = Namespace(minutes=30, smoke=True, kit=kit, work=tmp_path / "work", out=tmp_path / "out", files=8, mib=16)
    args.only = ["teacher-1", "members", "report"]
    with pytest.raises(SystemExit) as ended:
        use.run(args)
    assert ended.value.code == 0, (tmp_path / "work" / "log.txt").read_text()
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert set(report["steps"]) == {"teacher-1", "wide"} and report["steps"]["wide"]["teachers"] == 1
    assert set(report["together"]) == {"before", "after", "teachers"}
    pieces.unpack(tmp_path / "out", tmp_path / "home")
    state = torch.load(tmp_path / "home" / "wide.pt", weights_only=True)
    assert state["member"]["name"] == "wide" and state["units"] == CONFIG["actionUnits"]
    args.only = ["teacher-1", "members"]
    with pytest.raises(SystemExit) as again:
        use.run(args)
    assert again.value.code == 0
    assert "teacher-1: its result is there" in capsys.readouterr().out


def test_a_step_without_time_is_left_out_and_said(kit, tmp_path, monkeypatch):
    args = Namespace(minutes=0.1, smoke=True, kit=kit, work=tmp_path / "work", out=tmp_path / "out", files=8, mib=16, only=["teacher-1", "members"])
    with pytest.raises(SystemExit) as ended:
        use.run(args)
    log = (tmp_path / "out" / "log.txt").read_text()
    assert ended.value.code == 1 and "LEFT: teacher-1: 0 s are left, and it takes 3" in log and "LEFT: members: needs teacher-1" in log


def test_a_run_that_is_ended_goes_on_from_its_checkpoint(tmp_path):
    options = {"rate": 0.01, "momentum": 0.9, "decay": 0.0, "average": 0.9}
    begun = Loop(torch.nn.Linear(3, 2), options, tmp_path / "one.run", "cpu")
    seen = []

    def step():
        seen.append(begun.steps)
        begun.stopped = len(seen) >= 20  # as SIGTERM does it
        return begun.network(torch.ones(4, 3)).square().mean(), 4

    with pytest.raises(SystemExit, match="goes on from here"):
        begun.run(step, 600, 600, dict)
    again = Loop(torch.nn.Linear(3, 2), options, tmp_path / "one.run", "cpu")
    assert again.steps == begun.steps >= 20 and 0 < again.progress == begun.progress < 1
    assert torch.equal(again.average.weight, begun.average.weight)
    again.run(lambda: (again.network(torch.ones(4, 3)).square().mean(), 4), 0.2, 600, dict)
    assert again.progress == 1 and again.steps > begun.steps


def quick(original, seconds):
    def opened(*arguments):
        setting = original(*arguments)
        setting.plan["seconds"] |= seconds
        setting.plan["members"]["names"] = ["wide"]
        return setting

    return opened
