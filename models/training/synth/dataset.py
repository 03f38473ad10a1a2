"""Labelled pictures in shards: each shard is drawn from (seed, shard) alone, and finished shards are kept."""

from __future__ import annotations

import os
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from . import action_units, background, occluders
from .degrade import degrade
from .head import render_head
from .person import sample_shapes

LABELS = ("expression", "valence_arousal", "action_units", "landmarks68", "five", "pose", "box", "visibility",
          "covered", "blur", "scale", "brightness")  # fmt: skip
BATCH = 32  # neutral faces made at once


def render_picture(rng, size: int, data: str, name: str | None = None, shape=None):
    """One head over a background, degraded: gray uint8 [size, size] and its labels (LABELS)."""
    gray, alpha, labels = render_head(rng, size, data, name, shape=shape)
    marks = labels["landmarks68"]
    face = gray[alpha > 250]
    cover = occluders.add(rng, gray, marks, labels["visibility"], int(np.median(face)) if len(face) else 128)
    behind = background.sample(rng, background.load(data), size)
    weight = np.maximum(alpha, cover).astype(np.float32) / 255
    picture = (gray * weight + behind * (1 - weight) + 0.5).astype(np.uint8)
    picture, blur = degrade(rng, picture)
    x, y = marks.astype(int).clip(0, size - 1).T
    hidden = cover[y, x] > 127
    left, top, right, bottom = labels["box"].astype(int).clip(0, size)
    labels["visibility"] = labels["visibility"] * ~hidden
    labels["covered"] = np.float32((cover[top:bottom, left:right] > 127).mean())
    labels["blur"] = blur
    labels["brightness"] = np.float32(picture[top:bottom, left:right].mean() / 255)
    return picture, labels


def render_shard(path: str, seed: int, shard: int, count: int, size: int, data: str) -> int:
    """Write shard number `shard` of `count` pictures to `path`; returns `count`."""
    cv2.setNumThreads(1)
    rng = np.random.default_rng([seed, shard])
    pictures, rows = [], {name: [] for name in LABELS}
    for k in range(count):
        if k % BATCH == 0:
            shapes = sample_shapes(rng, BATCH, data)
        picture, labels = render_picture(rng, size, data, shape=shapes[k % BATCH])
        pictures.append(picture)
        for name in LABELS:
            rows[name].append(labels[name])
    arrays = {name: np.asarray(values, np.float32) for name, values in rows.items()}
    unfinished = path + ".part.npz"
    np.savez(unfinished, images=np.stack(pictures), action_unit_names=np.array(action_units.NAMES), **arrays)
    os.replace(unfinished, path)
    return count


def render(out: str, count: int, size: int, seed: int, shard_size: int, workers: int, data: str) -> None:
    """Render `count` pictures into `out`/synth_XXXX.npz with `workers` processes, skipping finished shards."""
    Path(out).mkdir(parents=True, exist_ok=True)
    jobs = []
    for shard, start in enumerate(range(0, count, shard_size)):
        path = str(Path(out) / f"synth_{shard:04d}.npz")
        if not os.path.exists(path):
            jobs.append((path, seed, shard, min(shard_size, count - start), size, data))
    with tqdm(total=sum(job[3] for job in jobs), unit="face") as bar:
        if workers <= 1:
            for job in jobs:
                bar.update(render_shard(*job))
            return
        with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
            for done in pool.map(render_shard, *zip(*jobs)) if jobs else ():
                bar.update(done)
