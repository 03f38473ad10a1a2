"""How stored crops are laid out, and how votes are read; needs numpy alone, so that a machine that only trains can import it.

Crops are kept with a margin (`STORED` pixels for a crop of `SIZE`), so that the jitter of training shows
what lies around the crop instead of a repeated border.
"""

from __future__ import annotations

import hashlib

import numpy as np

SIZE = 48
STORED = 60
MARGIN = (STORED - SIZE) // 2
ENLARGE = 4
BORDER = 48  # px of repeated border around the enlarged picture, so that a detector sees some context
LABELS = ("NEUTRAL", "HAPPINESS", "SURPRISE", "SADNESS", "ANGER", "DISGUST", "FEAR", "CONTEMPT")


def protocol(votes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """FER+ scored by plurality, on all rows that most people saw an expression in.

    From `votes` [N, 10]: rows kept bool [N] (votes of one dropped; the winner is an expression), and the
    distribution over the eight classes float32 [N, 8], whose largest entry is the label; ties go to the first.
    """
    votes = np.where(votes > 1, votes, 0).astype(np.float32)
    winner = votes.argmax(1)
    keep = (winner < 8) & (votes.sum(1) > 0)
    eight = votes[:, :8]
    return keep, eight / np.maximum(eight.sum(1, keepdims=True), 1)


def majority(votes: np.ndarray) -> np.ndarray:
    """The rows bool [N] that Barsoum et al. (2016, arXiv 1608.01041) evaluate and most papers report, of `votes` [N, 10]: of
    those that `protocol` keeps, the ones whose winner has more than half of the votes that are left when votes of one are
    dropped, those for unknown and for no face among them."""
    keep, _ = protocol(votes)
    votes = np.where(votes > 1, votes, 0).astype(int)
    return keep & (2 * votes.max(1) > votes.sum(1))


def repeated(images: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Which of `images` uint8 [N, h, w] are the same, pixel by pixel, as one of `others`; bool [N]."""
    known = {hashlib.sha256(image.tobytes()).digest() for image in others}
    return np.array([hashlib.sha256(image.tobytes()).digest() in known for image in images], bool)


def centre(crops: np.ndarray) -> np.ndarray:
    """The crop without its margin, [N, SIZE, SIZE]."""
    return crops[:, MARGIN : MARGIN + SIZE, MARGIN : MARGIN + SIZE]
