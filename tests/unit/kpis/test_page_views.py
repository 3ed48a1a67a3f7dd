"""Numbers of each page: the table against a plain count, and that a view is published as it comes."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpis.calendar.windows import Window
from kpis.facts.page_paths import PAGES
from kpis.tenant.page_views import PageCount, PageViews
from models.settings import TenantBook
from tests.feed import ms
from tests.sets.feeds import Counted, event

PATHS = ("/a", "/b")
WEEK = 7 * 1440
View = tuple[str, str, int]  # id, path, minute
views = st.lists(st.tuples(st.sampled_from("uvw"), st.sampled_from(PATHS), st.integers(0, 3 * WEEK)), max_size=20)


def naive(told: list[View], hits: list[View], person: dict[str, str], start: int, end: int) -> dict[str, PageCount]:
    """The same, by sets."""
    young = max(start, -(-end // 15) * 15 - WEEK)

    def who(rows: list[View], path: str, low: int) -> set[str]:
        return {person[raw] for raw, page, minute in rows if page == path and low <= minute < end}

    found = {}
    for path in PATHS:
        seen, hit = who(told, path, start), who(hits, path, start)
        found[path] = PageCount(len(seen), len(hit), len(who(told, path, young) - hit))
    return {path: count for path, count in found.items() if count.visitors}


@given(st.data(), views, views)
def test_counts_are_those_of_sets(data: st.DataObject, first: list[View], later: list[View]) -> None:
    """Whatever was converted, taken back and linked, and however often it was read between."""
    table, person = PageViews(7), {raw: raw for raw in "uvw"}
    told: list[View] = []
    hits: list[View] = []
    for batch in (first, later):
        for raw, path, minute in batch:
            table.viewed(raw, PAGES.code(path), minute)
            told.append((raw, path, minute))
            if data.draw(st.booleans()):
                table.converted(raw, PAGES.code(path), minute)
                hits.append((raw, path, minute))
        gone = data.draw(st.sampled_from(" uvw"))
        table.reconsider(gone)
        hits = [hit for hit in hits if hit[0] != gone]
        if data.draw(st.booleans()):
            person = {"u": "u", "v": "u", "w": "w"}
        for raw, whose in person.items():
            table.belongs(raw, whose)
        start, end = sorted((data.draw(st.integers(0, 3 * WEEK)), data.draw(st.integers(1, 3 * WEEK))))
        window = Window("any", start, end, end * 60_000, False, end * 60_000)
        assert table.counts(window) == naive(told, hits, person, start, end)


def test_counting_costs_a_tenants_own_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many pages other tenants of the process have."""
    for number in range(2_000):
        PAGES.code(f"/others/{number}")
    table, sizes = PageViews(7), []
    for raw, path in (("u", "/mine"), ("v", "/mine"), ("v", "/last")):
        table.viewed(raw, PAGES.code(path), 5)
    counted = np.bincount

    def watched(pages: Any) -> Any:
        found = counted(pages)
        sizes.append(len(found))
        return found

    monkeypatch.setattr(np, "bincount", watched)
    window = Window("any", 0, 10, 600_000, False, 600_000)
    assert table.counts(window) == {"/mine": PageCount(2, 0, 2), "/last": PageCount(1, 0, 1)}
    assert max(sizes) <= 2


def view(number: int, path: str) -> Any:
    """A view of a session that began elsewhere."""
    about = {"anonymous_id": "v", "session_id": "s", "url": f"https://a.example{path}"}
    return event("page.viewed", str(number), f"2026-05-01T12:00:0{number}Z", **about)


def test_a_view_that_is_no_landing_is_published_with_its_page() -> None:
    """The total does not move by it, the number of the page does."""
    counted = Counted(TenantBook()).take([view(1, "/")])
    as_of = ms("2026-05-01T12:00:30Z")
    counted.engine.documents("t", as_of, live=True, full=False)
    counted.take([view(2, "/offer")])
    told = counted.engine.documents("t", as_of, live=True, full=False)
    pages = {doc["segment"].get("page") for doc in told if doc["kpi"] == "landing_page_conversion_rate"}
    assert "/offer" in pages


def test_a_conversion_is_published_with_the_page_it_came_from() -> None:
    """Although nobody viewed a page since, and no first view of a session was converted."""
    sent = event("form.submitted", "0", "2026-05-01T11:00:00Z", anonymous_id="w", form_id="f")
    counted = Counted(TenantBook()).take([sent, view(1, "/"), view(2, "/offer")])
    as_of = ms("2026-05-10T12:00:30Z")
    counted.engine.documents("t", as_of, live=True, full=False)
    # Exactly seven days after the first view, which is too late for it.
    counted.take([event("form.submitted", "3", "2026-05-08T12:00:01Z", anonymous_id="v", form_id="f")])
    told = counted.engine.documents("t", as_of, live=True, full=False)
    found = {
        doc["segment"].get("page"): doc["numerator"]
        for doc in told
        if doc["kpi"] == "landing_page_conversion_rate" and doc["window"] == "month"
    }
    assert found["/offer"] == 1
