"""Which photos and backgrounds training may use.

By a hash of their name a tenth of the photos and a fifth of the backgrounds are held out for the numbers that are
reported, and some more for tuning: the detector's threshold, and when to stop.
"""

from __future__ import annotations

import hashlib

HELD_OUT = {"faces": 10, "backgrounds": 20}  # per cent
TUNING = {"faces": 8, "backgrounds": 12}  # per cent, after those


def split(kind: str, name: str) -> str:
    """What the file called `name` (without folder) in `kind`.tar is for: `held-out`, `tuning` or `training`."""
    place = int(hashlib.sha1(name.encode()).hexdigest(), 16) % 100 - HELD_OUT[kind]
    return "held-out" if place < 0 else "tuning" if place < TUNING[kind] else "training"
