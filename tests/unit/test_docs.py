"""What the pages for operators say exists, and what exists is on them."""

import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperGroup

from cli.root import MODULES, app
from models.validate import REASONS
from streams.monitor.metrics import Metrics

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
OPERATIONS = (ROOT / "docs" / "operations.md").read_text()
ARCHITECTURE = (ROOT / "ARCHITECTURE.md").read_text()
PAGES = [README, *(path.read_text() for path in (ROOT / "docs").glob("*.md"))]


def test_every_command_is_in_the_readme() -> None:
    """Those of a group, too; and no other."""
    for module, _ in MODULES.values():
        import_module(module)
    part = README.split("## Every command")[1].split("Each has")[0]
    told: set[str] = set()
    for row in re.findall(r"(?m)^\| (`.+?) \|", part):
        first, *more = re.findall(r"`([a-z ]+)`", row)
        told |= {first, *(name if name.split()[0] in MODULES else f"{first.split()[0]} {name}" for name in more)}
    assert told == set(_commands(typer.main.get_command(app)))


def test_every_reason_of_a_dead_letter_is_on_the_page() -> None:
    """And no other."""
    part = OPERATIONS.split("## Dead letters")[1]
    rows = [line.split("|")[1] for line in part.splitlines() if line.startswith("| `")]
    assert sorted(re.findall(r"`(\w+)`", " ".join(rows))) == sorted(REASONS)


def test_every_metric_is_on_the_page() -> None:
    """But for those of the process, which every Prometheus client has."""
    part = OPERATIONS.split("| metric (`crmkpi_…`)")[1].split("For Kubernetes")[0]
    rows = [line.split("|")[1] for line in part.splitlines() if line.startswith("| `")]
    told = {re.sub(r"\{.*|_total(?=$|\{)", "", name) for name in re.findall(r"`([^`]+)`", " ".join(rows))}
    there = {family.name for family in Metrics().registry.collect()}
    assert {f"crmkpi_{name}" for name in told} == {name for name in there if name.startswith("crmkpi_")}


def test_every_package_and_module_of_the_engine_is_on_the_map() -> None:
    """And no other."""
    table = ARCHITECTURE.split("## The packages of `kpis/`")[1].split("## ")[0]
    folders = {f"{path.parent.name}/" for path in (ROOT / "kpis").glob("*/__init__.py")}
    flat = {path.stem for path in (ROOT / "kpis").glob("[a-z]*.py")}
    assert set(re.findall(r"(?m)^\| `(\w+/?)`", table)) == folders | flat


def test_the_functions_of_the_journeys_are_in_the_code() -> None:
    """Those with a dot: of a class, or of a module."""
    journeys = ARCHITECTURE.split("## Three journeys")[1].split("## Two processes")[0]
    code = {
        path: path.read_text()
        for top in ("kpis", "models", "recount", "sinks", "streams")
        for path in (ROOT / top).rglob("*.py")
    }
    names = re.findall(r"`(\w[\w.]*)\.(\w+)`", journeys)
    assert len(names) > 20
    for owner, name in names:
        module = f"/{owner.replace('.', '/')}.py"
        among = [
            text
            for path, text in code.items()
            if path.as_posix().endswith(module) or re.search(rf"(?m)^class {owner}\b", text)
        ]
        assert any(re.search(rf"\bdef {name}\(", text) for text in among), f"{owner}.{name}"


def test_files_that_engineers_are_sent_to_exist() -> None:
    """Of the two pages about the code; `<kind>` stands for any."""
    for page in (ARCHITECTURE, (ROOT / "CONTRIBUTING.md").read_text()):
        named = re.findall(r"`((?:kpis|tests|models|streams|sinks|recount|docgen)/[\w/<>.]*)`", page)
        assert named
        assert not [name for name in named if not list(ROOT.glob(re.sub(r"<\w+>", "*", name).strip("/") + "*"))]


def test_every_page_is_reached_from_the_readme() -> None:
    """Within two clicks."""
    first = _links(README)
    second = {
        link
        for name in first
        if name.startswith("docs/") and name.endswith(".md")
        for link in _links((ROOT / name).read_text(), "docs/")
    }
    assert {f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")} <= first | second


def test_links_of_all_pages_lead_somewhere() -> None:
    """To files that exist and to headings that are there."""
    for path in (ROOT / "README.md", ROOT / "ARCHITECTURE.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")):
        for link, anchor in re.findall(r"\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)", path.read_text()):
            target = (path.parent / link).resolve() if link else path
            assert target.exists(), (path.name, link)
            headings = {_anchor(title) for title in re.findall(r"(?m)^#+ (.+)$", target.read_text())} if anchor else ()
            assert not anchor or anchor in headings, (path.name, link, anchor)


def _commands(group: Any, before: str = "") -> Iterator[str]:
    if not isinstance(group, TyperGroup):
        yield before
        return
    context: Any = None  # ours do not ask it
    if before and group.invoke_without_command:
        yield before
    for name in group.list_commands(context):
        yield from _commands(group.get_command(context, name), f"{before} {name}".strip())


def _links(text: str, base: str = "") -> set[str]:
    return {base + link for link in re.findall(r"\]\((?!https?:|#|\.\.)([^)#]+)", text)}


def _anchor(title: str) -> str:
    return re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")
