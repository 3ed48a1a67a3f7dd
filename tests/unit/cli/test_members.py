"""`kpis members`: what it shows, and how it ends when nobody answers."""

from typing import Any

import pytest
from typer.testing import CliRunner

from cli.main import app
from cli.root import MODULES
from sinks.query import QueryClient, QueryRefused, QueryUnavailable

FOUND = {
    "kpi": "closed_won_value", "window": "30d", "segment": {}, "total": 7, "n": 7, "numerator": "9000.00",
    "members": [
        {"kind": "deal", "id": "d1", "subject": "customer:anna", "amount": "1290.50", "currency": "EUR", "n": 1,
         "numerator": "1290.50"},
    ],
}  # fmt: skip


def said(monkeypatch: pytest.MonkeyPatch, answer: Any, *args: str) -> tuple[int, str, dict[str, Any]]:
    """Exit code, what was printed, and what was asked."""
    asked: dict[str, Any] = {}

    async def ask(self: Any, tenant: str, ask: str, **fields: Any) -> Any:
        asked.update(fields, tenant=tenant, ask=ask)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(QueryClient, "ask", ask)
    assert "kpis" in MODULES
    done = CliRunner().invoke(app, ["kpis", "members", *args], env={"COLUMNS": "200", "NO_COLOR": "1"})
    return done.exit_code, done.output, asked


def test_members_are_shown_with_what_they_add_up_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """One row each; how many there are."""
    args = ("closed_won_value", "--tenant", "acme", "--segment", "owner=anna", "--limit", "1")
    code, text, asked = said(monkeypatch, FOUND, *args)
    assert code == 0
    assert "customer:anna" in text
    assert "1 of 7 members; all together n = 7, numerator = 9,000" in text
    assert asked == {
        "kpi": "closed_won_value", "window": "30d", "segment": {"owner": "anna"}, "limit": 1, "order": "newest",
        "tenant": "acme", "ask": "members",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (QueryRefused(400, "orders has no window 1h"), 2, "orders has no window 1h"),
        (QueryRefused(404, "unknown tenant acme"), 1, "unknown tenant acme"),
        (QueryUnavailable("no worker owns this tenant"), 69, "no worker owns this tenant: `crmkpi lag` shows"),
    ],
)
def test_what_cannot_be_answered_is_told(
    monkeypatch: pytest.MonkeyPatch, error: Exception, code: int, words: str
) -> None:
    """In the worker's words, with the exit code of its kind."""
    found, text, _ = said(monkeypatch, error, "orders")
    assert found == code
    assert words in text
