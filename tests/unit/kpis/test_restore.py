"""What an engine knows after a restart is what it knew before."""

from kpis.engine import Engine
from kpis.slices import finish
from models.record import Row
from models.settings import TenantSettings
from models.tenants import TenantBook
from recount import compare, recount
from tests.feed import Feed, ms


def take(engine: Engine, rows: list[Row]) -> dict[bytes, bytes | None]:
    """One batch; the entries it would store."""
    engine.apply({"topic": "x", "partition": 0, "rows": [list(row) for row in rows], "refused": []}, "t", 1)
    return dict(engine.finish().entries)


def test_a_late_view_finds_a_lead_from_before_the_restart() -> None:
    """The lead is stored, nobody of it was there yet; then a view from before the lead comes."""
    feed = Feed()
    feed.add("lead.created", "2026-03-02T10:00:00Z", lead_id="l1")
    feed.add("page.viewed", "2026-03-01T10:00:00Z", lead_id="l1", url="/")
    lead, view = (row for row in feed.items if isinstance(row, Row))
    stored = take(Engine(TenantBook()), [lead])
    engine = Engine(TenantBook())
    for key, value in stored.items():
        engine.load(key, value)
    finish(engine.restored())
    take(engine, [view])
    assert engine.recount("t") == []
    as_of = ms("2026-03-10")
    documents = engine.documents("t", as_of, live=False, full=True)
    assert compare(recount(feed.items, TenantSettings(), as_of), documents) == []
