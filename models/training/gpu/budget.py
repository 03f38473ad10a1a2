"""What is done with the minutes that there are: each step gets what it asks for, as long as those after it can have their least."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Step:
    """One thing to do: `commands(seconds)` are the programs that do it, side by side. It needs the results of `needs`."""

    name: str
    least: float  # seconds; with less it is not begun
    wanted: float  # seconds; what is left over goes to the next
    commands: Callable[[float], list[list[str]]] = field(repr=False)
    needs: tuple[str, ...] = ()


def share(steps: Sequence[Step], left: float) -> float | None:
    """Seconds for the first of `steps` when `left` are there for all; None: too few for it."""
    first, *later = steps
    kept = sum(step.least for step in later)
    given = min(first.wanted, left - kept)
    if given < first.least:
        given = min(first.wanted, left)  # those after it fall out before what comes first does
    return given if given >= first.least else None
