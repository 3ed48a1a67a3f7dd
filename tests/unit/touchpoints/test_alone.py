"""The package can be used without the rest of this project."""

import ast
import sys
from pathlib import Path

FOLDER = Path(__file__).parents[3] / "touchpoints"
NEEDED = {"httpx", "aiokafka", "touchpoints"}


def test_it_imports_nothing_of_the_project() -> None:
    found: set[str] = set()
    for path in FOLDER.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                found |= {name.name.partition(".")[0] for name in node.names}
            elif isinstance(node, ast.ImportFrom):
                found.add((node.module or "").partition(".")[0])
    assert found - set(sys.stdlib_module_names) == NEEDED
