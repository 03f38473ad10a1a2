"""A pool of scenes that one process fills while another learns from it.

Composing a scene costs about as much as a training step on it, so each is drawn several times, mirrored
and relit; the oldest scene makes room for the newest.
"""

from __future__ import annotations

import queue
from pathlib import Path

import numpy as np
import torch
import torch.multiprocessing as mp

from .boxes import FLIPPED
from .config import TrainConfig

FACES = 24  # rows per scene
CHUNK = 32  # scenes per message


def produce(config: TrainConfig, data: str, seed: int, outbox) -> None:
    """Compose scenes until the parent is gone: messages (index of the size, gray [C, S, S], rows [C, 24, 15])."""
    import cv2

    from .scenes import compose, load_library

    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    library = load_library(Path(data), config.scenes)
    rng = np.random.default_rng(seed)
    outbox.cancel_join_thread()  # nobody is left to read what is unsent
    parent = mp.parent_process()
    while parent.is_alive():
        which = int(rng.choice(len(config.sizes), p=config.share))
        scenes = [compose(library, config.sizes[which], rng, config.scenes) for _ in range(CHUNK)]
        message = (which, np.stack([s[0] for s in scenes]), np.stack([fill(s[1]) for s in scenes]))
        while parent.is_alive():
            try:
                outbox.put(message, timeout=10)
                break
            except queue.Full:
                continue


def fill(rows: np.ndarray) -> np.ndarray:
    """Rows [F, 15] to [24, 15], the largest first, zeros after the last."""
    rows = rows[np.argsort(-(rows[:, 2] - rows[:, 0]), kind="stable")][:FACES]
    return np.vstack([rows, np.zeros((FACES - len(rows), 15))]).astype(np.float32)


class Pool:
    """Rings of scenes, one per size. `draw` gives a batch; a producer process fills them meanwhile."""

    def __init__(self, config: TrainConfig, data: Path, seed: int):
        self.config = config
        self.gray = [np.zeros((n, s, s), np.uint8) for n, s in zip(config.pool, config.sizes)]
        self.rows = [np.zeros((n, FACES, 15), np.float32) for n in config.pool]
        self.made = [0] * len(config.sizes)
        self.drawn = [0] * len(config.sizes)
        context = mp.get_context("spawn")
        self.inbox = context.Queue(maxsize=6)
        self.process = context.Process(target=produce, args=(config, str(data), seed, self.inbox), daemon=True)
        self.process.start()

    def close(self) -> None:
        """End the producer."""
        self.process.terminate()
        self.process.join()

    def draw(self, which: int, rng: np.random.Generator) -> tuple[torch.Tensor, torch.Tensor]:
        """A batch: frames float32 [B, 1, S, S] and rows [B, 24, 15]."""
        batch = self.config.batches[which]
        self._take_in(which, batch)
        filled = min(self.made[which], len(self.gray[which]))
        index = rng.integers(0, filled, batch)
        self.drawn[which] += batch
        scenes = [vary(self.gray[which][i], self.rows[which][i], rng) for i in index]
        gray = torch.from_numpy(np.stack([s[0] for s in scenes]))[:, None]
        return gray, torch.from_numpy(np.stack([s[1] for s in scenes]))

    def _take_in(self, which: int, batch: int) -> None:
        """Store new scenes where those there would be drawn too often; the producer rests meanwhile."""
        first = min(len(self.gray[which]) // 2, 512)
        while self.made[which] < first or self.drawn[which] + batch > self.config.reuse * self.made[which]:
            try:
                kind, gray, rows = self.inbox.get(timeout=60)
            except queue.Empty:
                if not self.process.is_alive():
                    raise RuntimeError("the process that composes scenes has died") from None
                continue
            slots = (self.made[kind] + np.arange(len(gray))) % len(self.gray[kind])
            self.gray[kind][slots], self.rows[kind][slots] = gray, rows
            self.made[kind] += len(gray)


def vary(gray: np.ndarray, rows: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A scene again, but mirrored by chance and lit a little differently; float32 [S, S]."""
    gray = gray * np.float32(rng.uniform(0.8, 1.15)) + np.float32(rng.normal(0, 8))
    if rng.random() < 0.5:
        gray, rows = gray[:, ::-1], mirror(rows, gray.shape[1])
    return np.ascontiguousarray(gray).clip(0, 255), rows


def mirror(rows: np.ndarray, width: int) -> np.ndarray:
    """Rows [F, 15] of the mirrored picture; filling rows (kind 0) are left alone."""
    out = rows.copy()
    out[:, 0], out[:, 2] = width - rows[:, 2], width - rows[:, 0]
    five = rows[:, 4:14].reshape(-1, 5, 2)[:, FLIPPED].copy()
    five[..., 0] = width - five[..., 0]
    out[:, 4:14] = five.reshape(-1, 10)
    return np.where(rows[:, 14:] > 0, out, rows).astype(np.float32)
