"""Checkpoints in files that are small enough to travel: a state is one stream of bytes, cut into shards, and a list of their
hashes is written last. What was there before stays whole until then."""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path

import torch

LIMIT = 15 << 20  # bytes of one shard; below 16 MiB, with room for what carries it


def save(path: Path, state: dict, limit: int = LIMIT) -> list[Path]:
    """Write `state` as `path`.NN and the list `path`.json; the files. Names of two states in turn, so that a run that is ended
    while it writes keeps the one before."""
    stream = io.BytesIO()
    torch.save(state, stream)
    content, listed = stream.getbuffer(), path.with_name(path.name + ".json")
    before = json.loads(listed.read_text())["shards"] if listed.exists() else []
    turn = "b" if any(shard["name"].split(".")[-1].startswith("a") for shard in before) else "a"
    path.parent.mkdir(parents=True, exist_ok=True)
    shards = []
    for number, start in enumerate(range(0, len(content), limit)):
        part = content[start : start + limit]
        name = f"{path.name}.{turn}{number:02}"
        (path.parent / name).write_bytes(part)
        shards.append({"name": name, "bytes": len(part), "sha256": hashlib.sha256(part).hexdigest()})
    temporary = listed.with_suffix(".tmp")
    temporary.write_text(json.dumps({"shards": shards}, indent=1) + "\n")
    temporary.rename(listed)
    for shard in before:
        (path.parent / shard["name"]).unlink(missing_ok=True)
    return [listed, *(path.parent / shard["name"] for shard in shards)]


def load(path: Path, device: str = "cpu") -> dict | None:
    """The state that was saved as `path`; None where there is none, or not all of it. @raises ValueError when a shard is not
    what the list says"""
    listed = path.with_name(path.name + ".json")
    if not listed.exists():
        return None
    shards = json.loads(listed.read_text())["shards"]
    files = [path.parent / shard["name"] for shard in shards]
    if not all(file.exists() for file in files):
        return None
    parts = [file.read_bytes() for file in files]
    for shard, part in zip(shards, parts):
        if hashlib.sha256(part).hexdigest() != shard["sha256"]:
            raise ValueError(f"{shard['name']} is not what {listed.name} says")
    return torch.load(io.BytesIO(b"".join(parts)), map_location=device, weights_only=True)
