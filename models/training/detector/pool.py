"""A pool of scenes that one process fills while another learns from it.

Composing a scene costs about as much as a training step on it, so each is drawn several times, mirrored
and relit. A scene in which the network was wrong is drawn more often (Shrivastava et al., "Training Region-based
Object Detectors with Online Hard Example Mining", 2016, over scenes), the easiest makes room for the newest.
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
LEAST = 0.2  # chance of being drawn of a scene that holds no more surprise, beside that of a new one
WORN = 15  # drawn this often, a scene that is still hard is probably labelled wrongly


def produce(config: TrainConfig, data: str, seed: int, outbox) -> None:
    """Compose scenes until the parent is gone: messages (index of the size, gray [C, S, S], rows [C, 24, 15])."""
    import cv2

    from .scenes import compose, load_library
    from .teacher import Teacher

    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    library, teacher = load_library(Path(data)), Teacher(Path(data) / "yunet_n_dynamic.onnx")
    rng = np.random.default_rng(seed)
    outbox.cancel_join_thread()  # nobody is left to read what is unsent
    parent = mp.parent_process()
    while parent.is_alive():
        which = int(rng.choice(len(config.sizes), p=config.share))
        scenes = [compose(library, config.sizes[which], rng, config.scenes, teacher) for _ in range(CHUNK)]
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
        self.hard = [np.ones(n) for n in config.pool]
        self.seen = [np.zeros(n, int) for n in config.pool]
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

    def draw(self, which: int, rng: np.random.Generator) -> tuple[torch.Tensor, torch.Tensor, np.ndarray]:
        """A batch: frames float32 [B, 1, S, S], rows [B, 24, 15], and their places [B], for `learned`."""
        batch = self.config.batches[which]
        self._take_in(which, batch)
        filled = min(self.made[which], len(self.gray[which]))
        chance = self._worth(which)[:filled] + LEAST
        index = rng.choice(filled, batch, p=chance / chance.sum())
        self.drawn[which] += batch
        self.seen[which][index] += 1
        scenes = [vary(self.gray[which][i], self.rows[which][i], rng) for i in index]
        gray = torch.from_numpy(np.stack([s[0] for s in scenes]))[:, None]
        return gray, torch.from_numpy(np.stack([s[1] for s in scenes])), index

    def learned(self, which: int, index: np.ndarray, hard: np.ndarray) -> None:
        """How `hard` [B] the scenes at `index` [B] turned out to be, 0 to 1."""
        self.hard[which][index] = 0.5 * self.hard[which][index] + 0.5 * hard

    def _worth(self, which: int) -> np.ndarray:
        """How much there is to learn from each scene, 0 to 1."""
        return np.where(self.seen[which] < WORN, self.hard[which], 0)

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
            slots = self._slots(kind, len(gray))
            self.gray[kind][slots], self.rows[kind][slots] = gray, rows
            self.hard[kind][slots], self.seen[kind][slots] = 1, 0
            self.made[kind] += len(gray)

    def _slots(self, kind: int, count: int) -> np.ndarray:
        """Places for new scenes: free ones, then those of the easiest."""
        free = np.arange(self.made[kind], len(self.gray[kind]))[:count]
        return np.r_[free, np.argsort(self._worth(kind), kind="stable")[: count - len(free)]]


def vary(gray: np.ndarray, rows: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A scene again, but mirrored by chance and lit a little differently; float32 [S, S]. One without faces may
    also be rolled, turned and made a negative."""
    if not rows[:, 14].any():
        gray = np.rot90(np.roll(gray, rng.integers(-32, 33, 2), (0, 1)), int(rng.integers(4)) * (rng.random() < 0.4))
        gray = 255 - gray if rng.random() < 0.15 else gray
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
