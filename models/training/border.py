"""How many faces are found that touch the picture's border, or fill it, by both searches of the detector as the server runs them
(docs/decisions/0091). The second search is the server's own, so `scripts/border-faces.ts` measures it; it needs Node.js and
ffmpeg."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
FILLED = "0.9 of the height"  # the cut in which the face fills the picture; in the others it touches its border
NEEDED = ("npx", "ffmpeg")


def measure(data: Path, command: list[str] | None = None) -> dict | None:
    """Counts by height and cut with their summary, or None where what it needs is missing. @raises CalledProcessError when the
    script fails, ValueError when its last line is no report"""
    if command is None:
        if any(shutil.which(name) is None for name in NEEDED) or not (data / "faces.tar").exists():
            return None
        command = ["npx", "--no-install", "tsx", "scripts/border-faces.ts", str(data)]
    told = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout
    lines = told.strip().splitlines()
    return summary(json.loads(lines[-1] if lines else ""))


def summary(report: dict) -> dict:
    """`report` with the shares found, of the faces that are found when the cut has a border: of faces at the border, and of
    those that fill the picture; over all heights, and the worst of one height and cut."""
    cells = [(cut, counts) for rows in report["heights"].values() for cut, counts in rows.items()]
    touching = [counts for cut, counts in cells if cut != FILLED]
    filling = [counts for cut, counts in cells if cut == FILLED]
    return {"touching": share(touching), "filling": share(filling), "worst": min(share([counts]) for _, counts in cells), **report}


def share(cells: list[dict]) -> float:
    """Of the faces that are found with a border those that are found without one; 0 where there are none."""
    bordered = sum(counts["bordered"] for counts in cells)
    return round(sum(counts["both"] for counts in cells) / bordered, 4) if bordered else 0.0
