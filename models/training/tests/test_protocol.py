"""FER+'s two protocols, repeated pictures, and the intervals around what is measured."""

from __future__ import annotations

import numpy as np
import pytest

from training import data, metrics, score

VOTES = np.array(
    [
        [6, 0, 4, 0, 0, 0, 0, 0, 0, 0],  # six of ten
        [5, 0, 5, 0, 0, 0, 0, 0, 0, 0],  # half is not more than half; the first wins by plurality
        [4, 3, 3, 0, 0, 0, 0, 0, 0, 0],  # most, but fewer than half
        [5, 1, 1, 1, 1, 1, 0, 0, 0, 0],  # votes of one are dropped: five of five
        [4, 0, 0, 0, 0, 0, 0, 0, 3, 3],  # votes for unknown and no face count against it
        [0, 0, 0, 2, 0, 0, 0, 0, 8, 0],  # unknown wins
    ],
    np.uint8,
)


def test_majority_is_more_than_half_of_the_votes_that_are_left():
    assert data.majority(VOTES).tolist() == [True, False, False, True, False, False]


def test_all_rows_go_by_plurality():
    keep, distribution = data.protocol(VOTES)
    assert keep.tolist() == [True, True, True, True, True, False]
    assert distribution[1].argmax() == 0


@pytest.mark.skipif(not (data.DATA / "ferplus_valid.npz").exists(), reason="no FER+ data")
def test_validation_as_counted():
    images, votes = data.load_ferplus([data.DATA / "ferplus_valid.npz"])
    keep, _ = data.protocol(votes)
    seen = score.seen_in_training(images, data.DATA)
    most = data.majority(votes)
    assert [keep.sum(), most.sum(), (keep & seen).sum(), (most & seen).sum()] == [3555, 3191, 279, 245]


def test_repeated_pictures_are_found_by_their_pixels():
    images = np.arange(3 * 16, dtype=np.uint8).reshape(3, 4, 4)
    other = images[1] + np.uint8(1)
    assert data.repeated(images, np.stack([other, images[2]])).tolist() == [False, False, True]


def test_intervals_hold_what_they_are_about_and_narrow_with_more_faces():
    rng = np.random.default_rng(4)
    truth = rng.integers(0, 8, 4000)
    probabilities = np.full((4000, 8), 0.02)
    told = np.where(rng.random(4000) < 0.8, truth, (truth + 1) % 8)
    probabilities[np.arange(4000), told] = 0.86
    width = {}
    for count in (400, 4000):
        low, high = metrics.intervals(probabilities[:count], truth[:count], 200)["accuracy"]
        assert low < (told[:count] == truth[:count]).mean() < high
        width[count] = high - low
    assert width[4000] < width[400] / 2


def test_rows_without_repeated_ones_are_scored_apart():
    truth = np.array([0, 0, 1, 1])
    probabilities = np.eye(8)[[0, 1, 1, 1]]
    table = score.protocols(probabilities, truth, np.array([1, 1, 0, 0], bool), np.array([1, 0, 0, 0], bool))
    assert [part["accuracy"] for part in table.values()] == [0.75, 0.5, 0.6667, 0.0]
    assert list(score.protocols(probabilities, truth, np.ones(4, bool), None)) == ["all", "majority"]
