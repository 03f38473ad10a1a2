"""How far random views go, on the processor and on the device alike."""

from __future__ import annotations

from dataclasses import dataclass

FAR = 2.4


@dataclass(frozen=True)
class Strength:
    """How far views go; scale and shift as fractions, rotation in degrees, the rest as probabilities."""

    scale: float = 0.12
    rotation: float = 12.0
    shift: float = 0.06
    light: float = 0.8
    camera: float = 0.35
    erase: float = 0.3
    far: float = 0.15  # views jittered `FAR` times as much, as after a poor detection
