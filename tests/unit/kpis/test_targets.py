"""Targets: set, changed and withdrawn they redraw their documents, and nothing else loses them."""

from decimal import Decimal
from typing import Any

import pytest

from kpis.calendar.windows import MINUTE_MS
from kpis.catalog import CATALOG
from kpis.engine import Engine
from kpis.publish.aims import is_paced
from models.record import Row
from models.settings import TenantBook
from recount.targets import is_lower_better
from tests.feed import Feed, ms
from tests.property.lanes import Lane, in_order
from tests.property.stories_targets import aim

NOW = ms("2026-06-16T00:00:30Z")
QUALITY = {kpi.id for kpi in CATALOG if kpi.quality}
LOOKED_AT = [
    {"kpi": "orders", "window": "month", "value": 10},
    {"kpi": "orders", "window": "month", "value": 5, "segment": {"source": "Web"}},
]


def book(**settings: Any) -> TenantBook:
    """Settings of the tenant."""
    return TenantBook.from_mapping({"tenants": {"t": settings}})


def orders(number: int = 4) -> Feed:
    """So many orders in June, and a target for something else."""
    feed = Feed()
    feed.add(**aim("leads", "all", "5", "2026-05-01"))  # type: ignore[arg-type]
    for one in range(number):
        feed.add("order.completed", "2026-06-02", order_id=f"o{one}", customer_id="c", amount=100, currency="EUR")
    return feed


def told(lane: Lane, feed: Feed) -> Lane:
    """A lane that has counted a feed."""
    return lane.take(in_order([[row for row in feed.items if isinstance(row, Row)]]))


def sent(engine: Engine, now: int) -> dict[tuple[str, str], dict[str, Any]]:
    """What is published at an instant, without segments."""
    found = engine.documents("t", now, live=True, full=False)
    return {(doc["kpi"], doc["window"]): doc for doc in found if not doc["segment"]}


def test_a_target_redraws_its_document_and_no_other() -> None:
    """Nothing was counted but that an event came, so nothing else is sent."""
    lane = told(Lane(book()), orders())
    assert "target" not in sent(lane.engine, NOW)["orders", "month"]
    later = orders()
    later.add(**aim("orders", "month", "8"))  # type: ignore[arg-type]
    found = sent(told(lane, later).engine, NOW)
    assert {name for name in found if name[0] not in QUALITY} == {("orders", "month")}
    assert found["orders", "month"]["target"]["attainment"] == 0.5


def test_targets_of_the_funnel_redraw_its_leak_in_every_window() -> None:
    """Whose documents read them."""
    lane = told(Lane(book()), orders())
    sent(lane.engine, NOW)
    later = orders()
    later.add(**aim("sales_funnel", "month", "0.3", step="won"))  # type: ignore[arg-type]
    told(lane, later)
    one = lane.engine._tenants["t"]
    lane.engine.documents("t", NOW, live=True, full=False)
    assert one.state.tenant.targets.changed == set()


def test_a_pace_goes_on_with_the_clock() -> None:
    """Once a minute where events come, once an hour where none do; it is due before anybody asks."""
    feed = orders()
    feed.add(**aim("orders", "month", "8"))  # type: ignore[arg-type]
    engine = told(Lane(book(), awake=8), feed).engine
    before = sent(engine, NOW)["orders", "month"]["target"]
    paces = [before["pace"]]
    for minute in range(1, 200):
        found = sent(engine, NOW + minute * MINUTE_MS).get(("orders", "month"))
        paces += [found["target"]["pace"]] if found else []
    assert 15 <= len(paces) <= 20
    assert paces == sorted(paces, reverse=True)
    asleep = told(Lane(book(), awake=0), feed).engine
    asleep.documents("t", NOW, live=True, full=False)
    made = [asleep.compose(NOW + minute * MINUTE_MS, live=True, enough=lambda: False) for minute in range(200)]
    drawn = [doc for one in made for piece in one.slices for doc in piece.documents if doc["kpi"] == "orders"]
    assert 3 <= len([doc for doc in drawn if is_paced(doc)]) <= 25


def test_a_target_survives_a_restart_and_a_change_of_zone() -> None:
    """It is a fact; in another zone its instant is the same."""
    feed = orders()
    feed.add(**aim("orders", "month", "8"))  # type: ignore[arg-type]
    feed.add(**aim("orders", "month", "16", "2026-06-03"))  # type: ignore[arg-type]
    lane = told(Lane(book()), feed)
    lane.restart(1)
    assert _target(lane)["attainment"] == 0.25
    lane.book = book(tz="Asia/Tokyo")
    lane.engine.configure(lane.book)
    lane.settle()
    assert lane.engine.state("t").tenant.zone.name == "Asia/Tokyo"
    assert _target(lane)["value"] == 16.0
    lane.restart(2)
    assert _target(lane)["since"] == "2026-06-03T00:00:00.000Z"


@pytest.mark.parametrize("mode", ["forget", "unpick"])
def test_an_erasure_does_not_touch_a_target(mode: str) -> None:
    """Not even of one that came with an id."""
    feed = orders()
    feed.add(**aim("orders", "month", "8"), customer_id="c")  # type: ignore[arg-type]
    feed.add("privacy.erasure_requested", "2026-06-10", customer_id="c", mode=mode)
    assert _target(told(Lane(book()), feed))["value"] == 8.0


def test_the_settings_file_has_targets_until_an_event_says_another() -> None:
    """They change without a recount, and a withdrawal withdraws them, too."""
    lane = told(Lane(book(targets=LOOKED_AT)), orders())
    assert _target(lane) == {
        "value": 10.0, "since": None, "attainment": 0.4, "elapsed": pytest.approx(0.5, abs=1e-4),
        "pace": pytest.approx(0.8, abs=1e-4), "projection": pytest.approx(8, abs=1e-3),
    }  # fmt: skip
    sent(lane.engine, NOW)
    definition = lane.engine.state("t").definition
    lane.book = book(targets=[{**LOOKED_AT[0], "value": Decimal(20)}])
    lane.engine.configure(lane.book)
    assert not lane.engine.pending
    assert sent(lane.engine, NOW)["orders", "month"]["target"]["attainment"] == 0.2
    assert lane.engine.state("t").definition == definition
    lane.restart(3)
    assert _target(lane)["value"] == 20.0
    later = orders()
    later.add(**aim("orders", "month", None))  # type: ignore[arg-type]
    assert _target(told(lane, later)) is None


def _target(lane: Lane) -> Any:
    found = lane.engine.documents("t", NOW, live=True)
    return next(
        doc.get("target") for doc in found if (doc["kpi"], doc["window"], doc["segment"]) == ("orders", "month", {})
    )


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ({"kpi": "ordres"}, "targets.0.kpi"), ({"window": "fortnight"}, "targets.0.window"),
        ({"value": "much"}, "targets.0.value"), ({"segment": {"a": "b", "c": "d"}}, "targets.0.segment"),
        ({"goal": 1}, "targets.0.goal"),
    ],
)  # fmt: skip
def test_a_wrong_target_of_the_file_is_named(given: dict[str, Any], wrong: str) -> None:
    """With what is wrong about it."""
    with pytest.raises(ValueError, match=f"tenants.t.{wrong}"):
        book(targets=[{**LOOKED_AT[0], **given}])


def test_the_file_has_one_target_for_each() -> None:
    """Two would have no order."""
    with pytest.raises(ValueError, match="two targets for orders in month"):
        book(targets=[LOOKED_AT[0], LOOKED_AT[0]])


def test_both_implementations_know_what_is_better_the_lower_it_is() -> None:
    """And which numbers grow while a window runs."""
    assert {kpi.id for kpi in CATALOG if kpi.direction == "down"} == {
        kpi.id for kpi in CATALOG if is_lower_better(kpi.id)
    }
