"""Faces at the picture's border: what the server's own search has found, and what the table tells of it."""

from __future__ import annotations

import json
import subprocess
import sys
from argparse import Namespace

import pytest

from training import border, evaluate, report

COUNTS = {
    "180": {
        "left": {"found": 8, "bordered": 10, "both": 7},
        "all sides": {"found": 9, "bordered": 10, "both": 9},
        "0.9 of the height": {"found": 6, "bordered": 10, "both": 6},
    },
    "360": {
        "left": {"found": 20, "bordered": 20, "both": 20},
        "all sides": {"found": 10, "bordered": 10, "both": 10},
        "0.9 of the height": {"found": 10, "bordered": 10, "both": 10},
    },
}
FOUND = {"photos": 20, "heights": COUNTS, "strays": 3}


def says(*lines: str) -> list[str]:
    return [sys.executable, "-c", f"print({chr(10).join(lines)!r})"]


def test_shares_are_of_what_is_found_with_a_border():
    told = border.summary(FOUND)
    assert told["touching"] == 0.92  # 46 of 50
    assert told["filling"] == 0.8  # 16 of 20
    assert told["worst"] == 0.6  # that fill the picture, at 180 px
    assert told["heights"] == COUNTS and told["strays"] == 3


def test_where_no_face_is_found_with_a_border_there_is_no_share(tmp_path):
    none = {"left": {"found": 3, "bordered": 0, "both": 0}, border.FILLED: {"found": 0, "bordered": 0, "both": 0}}
    assert border.summary({"heights": {"180": none}})["touching"] == 0.0


def test_the_scripts_last_line_is_its_report(tmp_path):
    assert border.measure(tmp_path, says("180 px high, 20 photos", json.dumps(FOUND)))["touching"] == 0.92


def test_a_script_that_fails_or_tells_nothing_is_an_error(tmp_path):
    with pytest.raises(subprocess.CalledProcessError):
        border.measure(tmp_path, [sys.executable, "-c", "raise SystemExit(3)"])
    with pytest.raises(ValueError):
        border.measure(tmp_path, says(""))


def test_without_photos_nothing_is_measured(tmp_path):
    assert border.measure(tmp_path) is None


def test_the_card_and_the_table_have_their_rows(capsys):
    told = border.summary(FOUND)
    rows = report.border_rows(told)
    assert rows[0].endswith("| 0.95 | 1 | 0.92 |") and rows[1].endswith("| 0.95 | 1 | 0.8 |")
    assert report.border_rows(None) == []
    assert [row[1] for row in evaluate.border_lines(told)] == [0.92, 0.8]
    assert [row[1] for row in evaluate.border_lines(None)] == [None, None]


def test_the_slow_part_can_be_left_out():
    assert evaluate.faces_at_the_border(Namespace(skip_border=True, skip_detector=False)) is None
    assert evaluate.faces_at_the_border(Namespace(skip_border=False, skip_detector=True)) is None
