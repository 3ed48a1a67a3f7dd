"""What PromQL expressions ask for: names of metrics and labels. Enough of the language for our own rules and board."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).parents[1] / "ops" / "monitoring"
RULES, BOARDS = FOLDER / "rules.yml", FOLDER / "grafana"
OPERATORS = {"by", "without", "and", "or", "unless", "on", "ignoring", "group_left", "group_right", "offset", "bool"}
_TOKEN = re.compile(
    r'(?P<matchers>\{[^}]*\})|(?P<range>\[[^\]]*\])|(?P<text>"[^"]*")|(?P<number>\b\d[\w.]*)|(?P<name>[a-zA-Z_:][\w:]*)|(?P<mark>\S)'
)
_GROUPED = re.compile(r"\b(?:by|without|on|ignoring)\s*\(([^)]*)\)")
_MATCHER = re.compile(r'\s*(\w+)\s*(?:=~|!~|!=|=)\s*"[^"]*"\s*,?')


class Asked(NamedTuple):
    """A metric with the labels it is asked to have."""

    metric: str
    labels: frozenset[str]


class Rule(NamedTuple):
    """One alert."""

    alert: str
    expr: str
    runbook: str


def asked(expr: str) -> set[Asked]:
    """Every metric of an expression; labels it is grouped by are asked of all of them."""
    grouped = {label.strip() for group in _GROUPED.findall(expr) for label in group.split(",") if label.strip()}
    bare = _GROUPED.sub(" ", expr)
    tokens = [(match.lastgroup, match.group()) for match in _TOKEN.finditer(bare)]
    found = set()
    for at, (kind, word) in enumerate(tokens):
        following = tokens[at + 1] if at + 1 < len(tokens) else ("", "")
        if kind == "name" and word not in OPERATORS and following[1] != "(":
            matched = _MATCHER.findall(following[1]) if following[0] == "matchers" else []
            found.add(Asked(word, frozenset(grouped | set(matched))))
    return found


def rules() -> list[Rule]:
    """Of `rules.yml`, which is written in one simple form on purpose."""
    parts = re.split(r"(?m)^ +- alert: ", RULES.read_text())[1:]
    return [
        Rule(
            part.splitlines()[0],
            re.findall(r"(?m)^ +expr: '(.+)'$", part)[0],
            re.findall(r"(?m)^ +runbook: (\S+)$", part)[0],
        )
        for part in parts
    ]


def panels() -> Iterator[tuple[str, str]]:
    """(title, query) of every board, Grafana's variables replaced as Grafana would."""
    for path in sorted(BOARDS.glob("*.json")):
        for panel in json.loads(path.read_text())["panels"]:
            for target in panel["targets"]:
                yield panel["title"], target["expr"].replace("$__rate_interval", "1m")


def queries() -> dict[str, str]:
    """Every query of rules and boards by where it stands."""
    found = {f"rule {rule.alert}": rule.expr for rule in rules()}
    return found | {f"panel {title}: {expr}": expr for title, expr in panels()}
