"""What a deal's events say it is."""

from typing import Any

from kpis.calendar.intervals import FOREVER
from kpis.calendar.zone import zone
from kpis.facts.deals import Deal, DealEvent, deal_deltas, deal_event, open_intervals, read_deal
from models.settings import TenantSettings


def test_an_undated_creation_comes_before_a_dated_one() -> None:
    """Also where no event has a version, so that the rule of versions would hold for none."""
    dated = deal_event(2_000, "created", "/a", "e1", {"owner_id": "anna"})
    undated = deal_event(2_000, "created", "/a", "e2", {"owner_id": "otto", "time_known": False})
    for events in ([dated, undated], [undated, dated]):
        deal = read_deal(events, TenantSettings())
        assert (deal.attributes["owner_id"], deal.created) == ("anna", 2_000)


def test_a_reopened_deal_is_not_won_then_either() -> None:
    """The result goes away at its old time; a later win is dated by itself."""
    created, won = event(1, "created"), event(5, "won")
    reopened, again = event(7, "reopened"), event(9, "won", closed_at=8)
    assert (read(created, won).state, read(created, won).closed) == ("won", 5)
    assert (read(created, won, reopened).state, read(created, won, reopened).closed) == ("open", None)
    assert open_intervals(read(again, created, reopened, won)) == [(1, 5), (7, 8)]
    assert read(created, won, reopened, again).closed == 8


def test_a_merged_or_deleted_deal_is_in_no_number() -> None:
    """Whatever it was before; a deal that is reopened afterwards is one again."""
    created, won, merged = event(1, "created", stage="demo"), event(5, "won", amount=100), event(6, "merged")
    deleted, reopened = event(6, "deleted"), event(7, "reopened")
    for gone in (merged, deleted):
        deal = read(created, gone, won)
        assert list(deal_deltas(deal, [], TenantSettings(), zone("UTC"))) == []
    assert open_intervals(read(created, won, deleted, reopened)) == [(1, 5), (7, FOREVER)]


def test_what_comes_after_a_merge_counts_nowhere() -> None:
    """A late copy of the win of a deal that was merged away, or its reopening."""
    created, merged = event(1, "created"), event(5, "merged")
    for straggler in (
        event(6, "won", amount=5),
        event(6, "reopened"),
        event(6, "stage_changed", to_stage="closed won"),
    ):
        deal = read(straggler, created, merged)
        assert (deal.state, open_intervals(deal)) == ("merged", [])


def test_a_deleted_deal_is_none_until_it_is_created_or_opened_again() -> None:
    """A trigger's late update or close does not bring it back."""
    created, deleted = event(1, "created"), event(5, "deleted")
    for kind, data in (
        ("won", {}),
        ("lost", {}),
        ("updated", {"stage": "demo"}),
        ("stage_changed", {"to_stage": "demo"}),
    ):
        assert read(created, deleted, event(6, kind, **data)).state == "deleted"
    assert read(created, deleted, event(6, "reopened")).state == "open"
    again = event(7, "created", id_="again")
    assert open_intervals(read(created, again, deleted)) == [(1, 5), (7, FOREVER)]


def test_the_first_creation_comes_first_whatever_its_time() -> None:
    """A CRM stamps it with the time of the export; a second one changes no state."""
    won, created, copy = event(5, "won"), event(9, "created"), event(10, "created", owner_id="otto")
    deal = read(won, created, copy)
    assert (deal.state, deal.closed, deal.created, deal.attributes["owner_id"]) == ("won", 5, 9, "otto")


def test_an_update_with_another_stage_is_a_change_of_stage() -> None:
    """CRMs send a property change; the same stage again is none, nor another name of the same result."""
    created, closed = event(1, "created", stage="Demo"), event(5, "updated", stage="Closed Won", amount=3)
    assert (read(created, closed).state, read(created, closed).closed) == ("won", 5)
    assert read(created, closed, event(6, "updated", stage="closed won")).closed == 5
    assert read(created, closed, event(6, "updated", stage="Proposal")).state == "open"
    lost = event(5, "lost")
    assert read(created, lost, event(6, "updated", stage="demo", owner_id="anna")).state == "lost"
    assert read(created, event(5, "won"), event(9, "updated", stage="Closed Won")).closed == 5


def test_a_close_date_given_later_is_that_of_the_last_close() -> None:
    """Of an update, also of one before the close; a reopened deal is closed on another day."""
    created, won, corrected = event(1, "created"), event(50, "won", closed_at=50), event(60, "updated", closed_at=40)
    deal = read(created, won, corrected)
    assert (deal.closed, open_intervals(deal)) == (40, [(1, 40)])
    assert read(created, event(2, "updated", closed_at=30), event(50, "won")).closed == 30
    reopened, again = event(70, "reopened"), event(80, "won", id_="again")
    assert open_intervals(read(created, won, corrected, reopened, again)) == [(1, 40), (70, 80)]
    assert read(created, won, corrected, event(65, "lost")).closed == 65


def test_versions_decide_where_every_event_has_one() -> None:
    """Not where one has none; and a creation never has one."""
    created, won = event(1, "created"), event(5, "won", version=3)
    changed = event(9, "stage_changed", to_stage="demo", version=2)
    assert read(changed, created, won).state == "won"
    assert read(changed, created, won, event(2, "updated", amount=5)).state == "open"


def test_ties_are_broken_by_kind_and_then_by_id() -> None:
    """created < stage_changed < won, lost < reopened < merged < deleted."""
    kinds = ("deleted", "merged", "reopened", "won", "stage_changed", "created")
    events = [event(5, kind, **({"to_stage": "demo"} if kind == "stage_changed" else {})) for kind in kinds]
    assert [read(*events[number:]).state for number in range(5)] == ["merged", "merged", "open", "won", "open"]
    assert read(event(5, "won", id_="a"), event(5, "lost", id_="b")).state == "lost"


def test_a_stage_of_a_result_wins_or_reopens() -> None:
    """Case and spaces play no part."""
    won = event(5, "stage_changed", to_stage=" Closed Won ")
    assert (read(event(1, "created"), won).state, read(event(1, "created"), won).closed) == ("won", 5)
    assert read(event(1, "created"), won, event(6, "stage_changed", to_stage="demo")).state == "open"


def event(time: int, kind: str, id_: str = "", **data: Any) -> DealEvent:
    """An event of a deal."""
    return deal_event(time, kind, "/a", id_ or f"{kind}-{time}", data)


def read(*events: DealEvent) -> Deal:
    """The deal these events make."""
    return read_deal(list(events), TenantSettings())
