"""Publications between two minutes: which windows an event is published in."""

import pytest

from kpis.calendar.windows import Window
from kpis.catalog import CATALOG, Kpi
from kpis.formulas.common import Figure
from kpis.formulas.view import View
from kpis.publish.documents import Board, Document
from models.settings import TenantBook
from tests.feed import ms
from tests.sets.feeds import Counted, event

AS_OF = ms("2026-05-13T12:00:30Z")
LIVE = {"15m", "1h", "24h", "7d", "30d", "90d", "365d", "today", "week", "month", "quarter", "year", "all"}


def published(time: str) -> set[str]:
    """Windows in which a sign-up of this time changes the number, published with nothing but it."""
    counted = Counted(TenantBook()).take([event("user.signed_up", "0", "2025-01-01T00:00:00Z", user_id="u0")])
    counted.engine.documents("t", AS_OF, live=True, full=False)
    told = counted.take([event("user.signed_up", "1", time, user_id="u1")])
    found = told.engine.documents("t", AS_OF, live=True, full=False)
    return {doc["window"] for doc in found if doc["kpi"] == "signups"}


def test_an_event_of_now_is_in_every_window_that_goes_up_to_now() -> None:
    """Those that are over do not know of it."""
    assert published("2026-05-13T12:00:30Z") == published("2026-05-13T11:59:59.999Z") == LIVE


def test_an_event_of_the_last_minute_of_a_window_is_in_it() -> None:
    """And the first one after it is not."""
    assert published("2026-05-12T23:59:59.999Z") == {"24h", "7d", "30d", "90d", "365d", "week", "month", "quarter",
                                                     "year", "yesterday", "all"}  # fmt: skip
    assert "yesterday" not in published("2026-05-13T00:00:00Z")
    assert {"last_week", "last_month"} & published("2026-05-10T23:59:59Z") == {"last_week"}
    # In last month, and in the week that last week is compared with.
    assert {"last_week", "last_month"} & published("2026-04-30T23:59:59Z") == {"last_month", "last_week"}
    assert {"last_week", "last_month"} & published("2026-04-20T23:59:59Z") == {"last_month"}


def test_in_another_minute_only_what_it_changes_is_sent() -> None:
    """Nothing moves but a sign-up that leaves the hour, and with it what is made of sign-ups."""
    signups = [event("user.signed_up", "0", "2026-05-13T11:01:00Z", user_id="u0")]
    engine = Counted(TenantBook()).take(signups).engine
    engine.documents("t", AS_OF, live=True, full=False)
    assert engine.documents("t", AS_OF + 1_000, live=True, full=False) == []
    told = engine.documents("t", AS_OF + 60_000, live=True, full=False)
    assert {doc["window"] for doc in told} == {"1h"}
    assert {"signups", "received"} <= {doc["kpi"] for doc in told}
    assert engine.documents("t", AS_OF + 2 * 60_000, live=True, full=False) == []


def test_after_everything_was_published_only_what_changed_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """What comes after it in the same minute finds that done."""
    made: list[str] = []
    whole = Board._whole

    def noted(board: Board, kpi: Kpi, at: Window) -> Document:
        made.append(kpi.id)
        return whole(board, kpi, at)

    monkeypatch.setattr(Board, "_whole", noted)
    counted = Counted(TenantBook()).take([event("user.signed_up", "0", "2026-05-13T12:00:00Z", user_id="u0")])
    counted.engine.documents("t", AS_OF, live=True, full=False)
    assert len(set(made)) == sum(kpi.whole is not None for kpi in CATALOG)
    made.clear()
    counted.take([event("user.signed_up", "1", "2026-05-13T12:00:10Z", user_id="u1")])
    counted.engine.documents("t", AS_OF, live=True, full=False)
    assert "signups" in made
    assert len(set(made)) < len(CATALOG) / 2


def test_only_the_largest_segments_get_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 400 campaigns of one dimension those within the cap and the rest as one, whatever decides their order."""
    made: list[tuple[str, str]] = []
    figure = Board._figure

    def noted(board: Board, kpi: Kpi, view: View) -> Figure:
        made.append((kpi.id, view.window.name))
        return figure(board, kpi, view)

    kinds = ("email.sent", "email.delivered", "link.clicked")
    told = [
        event(kind, f"{kind}{n}", "2026-05-13T11:00:00Z", message_id=f"m{n}", anonymous_id=f"v{n}", link_url="/",
              campaign={"name": f"c{n:03}"})
        for n in range(400) for kind in kinds[: 1 + n % 3]
    ]  # fmt: skip
    engine = Counted(TenantBook()).take(told).engine
    monkeypatch.setattr(Board, "_figure", noted)
    found = [doc for doc in engine.documents("t", AS_OF, live=True, full=True) if "campaign" in doc["segment"]]
    shown = [doc["segment"]["campaign"] for doc in found if (doc["kpi"], doc["window"]) == ("email_open_rate", "7d")]
    assert shown == [*[f"c{n:03}" for n in range(400) if n % 3][:50], "__other__"]
    assert max(map(made.count, set(made))) < 120


def test_readers_are_told_when_no_segment_is_waited_for_any_more() -> None:
    """Also where the last ones turned out to be unchanged, so that there is nothing else to say."""
    counted = Counted(TenantBook()).take(
        [event("page.viewed", "0", "2026-05-13T11:00:00Z", anonymous_id="a", url="/x")]
    )
    for number, told in enumerate(("user.signed_up", "page.viewed", "lead.created")):
        ids = {"user_id": f"u{number}", "anonymous_id": "a", "lead_id": "l", "url": "/x"}
        counted.take([event(told, f"next {number}", "2026-05-13T11:59:00Z", **ids)])
        waiting, more = 0, True
        while more:
            made = counted.engine.compose(AS_OF + number, live=True, enough=lambda: True)
            waiting, more = next((one.waiting for one in reversed(made.slices)), waiting), made.more
        assert waiting == 0
