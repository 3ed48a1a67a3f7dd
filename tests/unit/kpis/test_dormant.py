"""Tenants to which nothing happens are kept as bytes, and woken when they are wanted."""

from collections.abc import Iterator

import pytest

from kpis.engine import Engine
from kpis.publish.dormant import Dormant
from kpis.publish.published import PublishedTenant
from models.settings import TenantBook
from tests.feed import ms
from tests.sets.feeds import Counted, Event, event

MINUTE = 60_000
NOW = ms("2026-05-13T12:00:30Z")


def asleep(engine: Engine) -> bool:
    """Whether the tenant is; asking does not wake it."""
    return isinstance(engine._tenants._all["t"], Dormant)


def publish(engine: Engine, now: int) -> set[str]:
    """Ids of the KPIs that are published at an instant."""
    return {kpi for one in engine.compose(now, live=True, enough=lambda: False).slices for kpi in one.kpis}


def views(time: str) -> Iterator[Event]:
    """Some of a visitor."""
    return (event("page.viewed", f"{time}{n}", time, anonymous_id="v", url="/") for n in range(3))


@pytest.fixture
def counted() -> Counted:
    """A tenant with events of two months ago, published."""
    found = Counted(TenantBook()).take(list(views("2026-03-13T12:00:00Z")))
    publish(found.engine, NOW)
    return found


def test_a_tenant_sleeps_two_minutes_after_its_last_event_and_is_not_woken_to_be_looked_at(
    counted: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is woken when its hour comes: for an hour after an event everything is sent by that."""
    engine, woken = counted.engine, list[int | None]()
    wake = Dormant.wake

    def noted(dormant: Dormant, minute: int | None) -> PublishedTenant:
        woken.append(minute)
        return wake(dormant, minute)

    monkeypatch.setattr(Dormant, "wake", noted)
    published = [publish(engine, NOW + n * MINUTE) for n in range(1, 60)]
    assert asleep(engine)
    assert (len(woken), [told for told in published if told]) == (1, [])


def test_an_event_wakes_a_tenant_and_its_numbers_are_published(counted: Counted) -> None:
    """What it says is what one says that never slept."""
    engine = counted.engine
    for n in range(1, 5):
        publish(engine, NOW + n * MINUTE)
    assert asleep(engine)
    counted.take(list(views("2026-05-13T12:04:00Z")))
    assert "visitors" in publish(engine, NOW + 5 * MINUTE)
    assert engine.recount("t") == []


def test_a_small_tenant_is_some_kilobytes(counted: Counted) -> None:
    """With all of its prints of what was published."""
    for n in range(1, 5):
        publish(counted.engine, NOW + n * MINUTE)
    dormant = counted.engine._tenants._all["t"]
    assert isinstance(dormant, Dormant)
    assert len(dormant._packed) < 40_000


def test_those_that_events_come_to_again_and_again_stay_awake() -> None:
    """However many: each that is wanted within a minute of its sleep makes room for one more, for two minutes."""
    engine = Engine(TenantBook(), awake=2)
    tenants, names = engine._tenants, [f"t{n}" for n in range(40)]
    tenants.look(100)
    for _ in range(50):
        for name in names:
            engine.state(name)
            tenants.make_room()
    assert tenants.awake == len(names)
    for minute in (101, 102):
        tenants.look(minute)
        engine.state(names[0])
        tenants.make_room()
    assert tenants.awake == len(names)
    tenants.look(103)
    for _ in names:
        tenants.make_room()
    assert tenants.awake == 2
    assert not isinstance(tenants._all[names[0]], Dormant)


def test_a_tenant_that_is_counted_again_does_not_sleep(counted: Counted) -> None:
    """The redefinition works on its objects."""
    engine = counted.engine
    publish(engine, NOW + 4 * MINUTE)
    engine.configure(TenantBook.from_mapping({"tenant": {"tz": "Europe/Helsinki"}}))
    engine.step()
    for n in range(5, 9):
        publish(engine, NOW + n * MINUTE)
        assert not asleep(engine)
    while engine.pending:
        engine.step()
        engine.finish()
    assert (engine.outdated(), engine.recount("t")) == ([], [])
