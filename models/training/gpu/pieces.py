"""Many files as a few pieces of limited size, with a manifest of their hashes, and back. Needs Python alone: a copy travels
beside the pieces, and `python3 unpack.py FOLDER TARGET` checks and unpacks them where nothing else is installed."""

from __future__ import annotations

import hashlib
import io
import json
import lzma
import os
import sys
import tarfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

MANIFEST = "manifest.json"
STORED = (".xz", ".whl", ".bin", ".mp4", ".pt", ".zip")  # what is packed already


class Broken(Exception):
    """Pieces are missing, or are not what the manifest says."""


def write(files: dict[str, Path], folder: Path, limit: int, smaller: bool = True) -> dict:
    """Put `files`, by the relative name that they get, into pieces of at most `limit` bytes in `folder`, packed where that makes
    them `smaller`; the manifest."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("piece-*"):
        old.unlink()
    names = sorted(files)
    plain = {name: files[name].read_bytes() for name in names}  # once: a file may be changed meanwhile
    with ThreadPoolExecutor() as pool:
        packed = list(pool.map(lambda name: _packed(name, plain[name]) if smaller else plain[name], names))
    listed, stream = [], io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, content in zip(names, packed):
            _check_name(name)
            mode = 0o755 if os.access(files[name], os.X_OK) else 0o644
            entry = tarfile.TarInfo(name)  # of nobody, at no time
            entry.size, entry.mode = len(content), mode
            tar.addfile(entry, io.BytesIO(content))
            listed.append({"name": name, "bytes": len(plain[name]), "sha256": _hash(plain[name]), "packed": content != plain[name]})
    pieces = []
    for number, start in enumerate(range(0, stream.tell(), limit)):
        part = stream.getbuffer()[start : start + limit]
        name = f"piece-{number:02}"
        (folder / name).write_bytes(part)
        pieces.append({"name": name, "bytes": len(part), "sha256": _hash(part)})
    manifest = {"format": 1, "pieces": pieces, "files": listed}
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n")
    (folder / "unpack.py").write_bytes(Path(__file__).read_bytes())
    return manifest


def unpack(folder: Path, target: Path) -> int:
    """Check the pieces in `folder` and every file in them, and write those to `target`; how many. @raises Broken"""
    manifest = json.loads((folder / MANIFEST).read_text())
    wrong = [piece["name"] for piece in manifest["pieces"] if not _is(folder / piece["name"], piece["sha256"])]
    if wrong:
        raise Broken(f"missing, or not what the manifest says: {', '.join(wrong)}")
    stream = io.BytesIO(b"".join((folder / piece["name"]).read_bytes() for piece in manifest["pieces"]))
    with tarfile.open(fileobj=stream) as tar:
        entries = {entry.name: (entry.mode, tar.extractfile(entry).read()) for entry in tar}

    def put(file: dict) -> None:
        _check_name(file["name"])
        mode, content = entries[file["name"]]
        content = lzma.decompress(content) if file["packed"] else content
        if _hash(content) != file["sha256"]:
            raise Broken(f"not what the manifest says: {file['name']}")
        path = target / file["name"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        path.chmod(mode)

    if set(entries) != {file["name"] for file in manifest["files"]}:
        raise Broken("the pieces hold other files than the manifest says")
    with ThreadPoolExecutor() as pool:
        list(pool.map(put, manifest["files"]))
    return len(manifest["files"])


def _packed(name: str, content: bytes) -> bytes:
    """Smaller, where it pays."""
    if name.endswith(STORED) or len(content) < 1024:
        return content
    less = lzma.compress(content)
    return less if len(less) < 0.95 * len(content) else content


def _check_name(name: str) -> None:
    if name.startswith(("/", "~")) or ".." in Path(name).parts or Path(name).is_absolute():
        raise Broken(f"not a name within the kit: {name}")


def _is(path: Path, digest: str) -> bool:
    return path.exists() and _hash(path.read_bytes()) == digest


def _hash(content: bytes | memoryview) -> str:
    return hashlib.sha256(content).hexdigest()


if __name__ == "__main__":
    try:
        print(unpack(Path(sys.argv[1]), Path(sys.argv[2])), "files, each as the manifest says")
    except Broken as problem:
        raise SystemExit(f"unpack: {problem}") from None
