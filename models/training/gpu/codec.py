"""Arrays in one file, without loss and smaller than zip makes them: pictures as what is left of them once each pixel is guessed
from its neighbours (the median edge detector of LOCO-I, Weinberger et al., 1996), all packed by lzma in parts that several
cores unpack side by side. Needs numpy alone."""

from __future__ import annotations

import json
import lzma
import struct
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

PART = 4 << 20  # bytes before packing


def write(path: Path, arrays: dict[str, np.ndarray]) -> None:
    """Write `arrays` by name; what is uint8 [N, h, w] is taken for pictures."""
    head, bodies = [], []
    for name, values in arrays.items():
        pictures = values.dtype == np.uint8 and values.ndim == 3
        plain = (residuals(values) if pictures else np.ascontiguousarray(values)).tobytes()
        parts = _each(lzma.compress, [plain[i : i + PART] for i in range(0, len(plain), PART)])
        head.append({"name": name, "type": values.dtype.str, "shape": values.shape, "pictures": pictures, "parts": [len(p) for p in parts]})
        bodies += parts
    text = json.dumps(head).encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join([struct.pack("<I", len(text)), text, *bodies]))


def read(path: Path) -> dict[str, np.ndarray]:
    """The arrays of a file that `write` made."""
    content, arrays = path.read_bytes(), {}
    (length,) = struct.unpack_from("<I", content)
    at = 4 + length
    for entry in json.loads(content[4:at]):
        ends = at + np.cumsum([0, *entry["parts"]])
        plain = b"".join(_each(lzma.decompress, [content[a:b] for a, b in zip(ends[:-1], ends[1:])]))
        at = int(ends[-1])
        values = np.frombuffer(plain, entry["type"]).reshape(entry["shape"])
        arrays[entry["name"]] = pictures_of(values) if entry["pictures"] else values.copy()
    return arrays


def residuals(images: np.ndarray) -> np.ndarray:
    """Pictures uint8 [N, h, w] less what their neighbours above and to the left say, modulo 256."""
    above, left, corner = np.zeros((3, *images.shape), np.int16)
    above[:, 1:], left[:, :, 1:], corner[:, 1:, 1:] = images[:, :-1], images[:, :, :-1], images[:, :-1, :-1]
    left[:, 1:, 0], corner[:, 1:, 0] = images[:, :-1, 0], images[:, :-1, 0]
    above[:, 0], corner[:, 0] = left[:, 0], left[:, 0]
    return (images.astype(np.int16) - guess(left, above, corner)).astype(np.uint8)


def pictures_of(rest: np.ndarray) -> np.ndarray:
    """Pictures uint8 [N, h, w] whose `residuals` are `rest`: pixel by pixel, all pictures at once."""
    count, height, width = rest.shape
    rest = np.ascontiguousarray(rest.transpose(1, 2, 0))
    out = np.zeros((height, width, count), np.int16)
    for row in range(height):
        for column in range(width):
            above = out[row - 1, column] if row else None
            left = out[row, column - 1] if column else above
            above = left if above is None else above
            corner = out[row - 1, column - 1] if row and column else above if row else left
            said = 0 if left is None else guess(left, above, corner)
            out[row, column] = (rest[row, column] + said) & 255
    return np.ascontiguousarray(out.astype(np.uint8).transpose(2, 0, 1))


def guess(left: np.ndarray, above: np.ndarray, corner: np.ndarray) -> np.ndarray:
    """The smaller or the larger neighbour where there is an edge, else the plane through all three."""
    low, high = np.minimum(left, above), np.maximum(left, above)
    return np.where(corner >= high, low, np.where(corner <= low, high, left + above - corner))


def _each(work, parts: list[bytes]) -> list[bytes]:
    with ThreadPoolExecutor() as pool:  # lzma lets other threads run
        return list(pool.map(work, parts))
