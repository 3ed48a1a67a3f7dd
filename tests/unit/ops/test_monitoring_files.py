"""Rules and boards by themselves; that their queries find something is seen with a real worker."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from streams.monitor.metrics import Metrics
from tests.promql import BOARDS, RULES, Asked, asked, panels, queries, rules

ROOT = Path(__file__).parents[3]


def test_what_an_expression_asks_for_is_found() -> None:
    """Functions, operators, strings, ranges and numbers are no metrics; labels are those of matchers and groups."""
    expr = 'histogram_quantile(0.9, sum by (le, stage) (rate(a_bucket{job="x",s=~"A|B"}[5m]))) > 1e3 and (b offset 1h)'
    assert asked(expr) == {
        Asked("a_bucket", frozenset({"le", "stage", "job", "s"})),
        Asked("b", frozenset({"le", "stage"})),
    }
    assert asked("time() - max(c) > 120 or vector(0)") == {Asked("c", frozenset())}


def test_every_alert_has_a_section_that_says_what_to_do() -> None:
    """Runbooks point to anchors that exist, every section is of an alert, and says where to look and what to do."""
    for rule in rules():
        path, anchor = rule.runbook.split("#")
        sections = {title.lower(): text for title, text in _sections(ROOT / path).items()}
        assert anchor == rule.alert.lower()
        assert "**Do**" in sections[anchor], rule.alert
        assert "**Look at**" in sections[anchor], rule.alert
    assert list(_sections(ROOT / "docs" / "alerts.md")) == [rule.alert for rule in rules()]


def test_every_metric_of_rules_and_boards_is_declared() -> None:
    """`up` is Prometheus's own."""
    declared = {family.name for family in Metrics().registry.collect()}
    for where, query in queries().items():
        for metric, _ in asked(query):
            base = re.sub(r"_(total|bucket|count|sum)$", "", metric)
            assert metric == "up" or base in declared or metric in declared, where


def test_a_board_has_no_query_twice_and_every_panel_an_id_of_its_own() -> None:
    """Grafana shows one panel of an id only."""
    for path in BOARDS.glob("*.json"):
        board = json.loads(path.read_text())
        assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
        assert all(panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24 for panel in board["panels"])
    found = list(panels())
    assert len(found) == len(set(found)) > 20


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not on this machine")
def test_prometheus_takes_rules_and_configuration_and_what_shall_fire_fires() -> None:
    """As its own tool says; the cases are in rules_test.yml."""
    for words in ("check rules rules.yml", "check config prometheus.yml", "test rules rules_test.yml"):
        command = ["promtool", *words.split()]
        done = subprocess.run(command, cwd=RULES.parent, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def _sections(path: Path) -> dict[str, str]:
    parts = re.split(r"(?m)^## ", path.read_text())[1:]
    return {part.splitlines()[0]: part for part in parts}
