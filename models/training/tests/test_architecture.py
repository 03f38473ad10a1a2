"""Modules of the training code import each other in one direction."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parents[1]


def imports(path: Path) -> set[Path]:
    """The modules of this package that `path` imports, inside of functions too."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.ImportFrom) or node.level == 0:
            continue
        base = path.parents[node.level - 1].joinpath(*(node.module or "").split("."))
        for name in (base, *(base / alias.name for alias in node.names)):
            if name.with_suffix(".py").exists():
                found.add(name.with_suffix(".py"))
    return found


def cycles(graph: dict[Path, set[Path]]) -> list[list[str]]:
    """Every way that comes back to where it began, as file names."""
    found, done = [], set()

    def walk(path: Path, way: list[Path]) -> None:
        if path in way:
            found.append([p.name for p in [*way[way.index(path) :], path]])
        elif path not in done:
            for other in sorted(graph.get(path, ())):
                walk(other, [*way, path])
            done.add(path)

    for path in sorted(graph):
        walk(path, [])
    return found


def test_nothing_imports_what_imports_it():
    assert cycles({path: imports(path) for path in ROOT.rglob("*.py") if "tests" not in path.parts}) == []


def test_a_cycle_is_seen():
    a, b = Path("a.py"), Path("b.py")
    assert cycles({a: {b}, b: {a}}) == [["a.py", "b.py", "a.py"]]
