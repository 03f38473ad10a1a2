"""What a run brings home: the most wanted files first, as many as the way back takes, in pieces that are checked when they are
unpacked; what people read lies beside them as it is."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from . import pieces

ENTRY = 2048  # bytes, at most, that a file takes beside its content


@dataclass(frozen=True)
class Limits:
    """Of the way back: so many files, none larger than, together."""

    files: int = 8
    each: int = 16 << 20
    together: int = 64 << 20


def deliver(read: Sequence[Path], groups: Sequence[Sequence[Path]], out: Path, limits: Limits = Limits()) -> list[str]:
    """Put the files to `read` into `out`, and of the `groups`, the most wanted first, as many as fit; each goes whole or not at
    all. The names of what does not fit."""
    out.mkdir(parents=True, exist_ok=True)
    for old in out.iterdir():
        old.unlink()
    plain = [path for path in read if path.exists()]
    for path in plain:
        shutil.copyfile(path, out / path.name)
    own = 256 << 10  # the manifest and the program that unpacks
    room = limits.together - own - sum(path.stat().st_size for path in plain)
    each = min(limits.each, room)
    room = min(room, each * (limits.files - len(plain) - 2)) - 2 * 10240  # of the archive's end
    chosen, left_out = {}, []
    for group in groups:
        files = [path for path in group if path.exists()]
        size = sum(path.stat().st_size + ENTRY for path in files)
        if size <= room:
            chosen |= {path.name: path for path in files}
            room -= size
        else:
            left_out += [path.name for path in files]
    pieces.write(chosen, out, each, smaller=False)
    return left_out
