"""The modules of `kpis/` form no import cycle."""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[3]


def files() -> dict[str, Path]:
    """The files of `kpis/`, by the name of their module."""
    found = {path.relative_to(ROOT).with_suffix("").parts: path for path in (ROOT / "kpis").rglob("*.py")}
    return {".".join(parts).removesuffix(".__init__"): path for parts, path in found.items()}


def imported(source: str) -> Iterator[str]:
    """Names that may be modules, of all imports of a file: also of those in functions or for the type checker only."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "relative imports are not followed"
            yield str(node.module)
            yield from (f"{node.module}.{name.name}" for name in node.names)


def in_a_cycle(graph: Mapping[str, set[str]]) -> set[str]:
    """What is reached from itself."""
    return {start for start in graph if start in _reached(graph, start)}


def _reached(graph: Mapping[str, set[str]], start: str) -> set[str]:
    found: set[str] = set()
    left = [start]
    while left:
        new = graph[left.pop()] - found
        found |= new
        left += new
    return found


def test_an_import_counts_wherever_it_stands() -> None:
    """At the top, in a function, and where only the type checker goes."""
    source = "import a.b\nif TYPE_CHECKING:\n    from c import d\ndef f():\n    from e.g import h\n"

    assert set(imported(source)) == {"a.b", "c", "c.d", "e.g", "e.g.h"}


def test_a_cycle_is_found_and_what_leads_to_it_is_not() -> None:
    """a -> b -> c -> b."""
    assert in_a_cycle({"a": {"b"}, "b": {"c"}, "c": {"b", "d"}, "d": set()}) == {"b", "c"}


def test_no_file_lies_in_a_cycle() -> None:
    """Also where an import is for the type checker only, or in a function."""
    paths = files()
    graph = {name: set(imported(path.read_text())) & paths.keys() - {name} for name, path in paths.items()}

    assert in_a_cycle(graph) == set()
