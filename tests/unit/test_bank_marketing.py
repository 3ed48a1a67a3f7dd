"""45,211 real clients and the calls they took: a part of them always, with ``soak`` all, in every feed."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import pytest

from kpis.calendar.windows import window as window_at
from kpis.catalog import CATALOG
from kpis.cells.segments import EVERYTHING
from kpis.formulas.view import Tables, View
from models.settings import TenantBook
from tests.feed import ms
from tests.sets import bank_marketing as bank
from tests.sets.feeds import FEEDS, SHARED, Counted, Documents, computed, expected, in_feed

pytestmark = pytest.mark.skipif(not SHARED.exists(), reason="the shared data sets are not beside this repository")
END: Final = "2010-12-01"
EVERY: Final = 40  # which client of how many is in the part
READ: Final = (
    "closed_won_deals", "closed_lost_deals", "win_rate", "call_connect_rate", "touches_to_close",
    "touches_to_close_median", "touches_to_close_p90",
)  # fmt: skip
# In no order the set is counted by everything, in the other orders by some traits each.
WHOLE: Final = [("shuffled", group) for group in bank.GROUPS] + list(zip(FEEDS[:3], bank.GROUPS, strict=False))


@pytest.mark.parametrize("feed", FEEDS)
def test_a_part_of_the_bank_set_has_the_answers_its_lines_give(feed: str) -> None:
    """By the engine, in every feed."""
    lines = bank.rows()[::EVERY]
    check(lines, feed, bank.GROUPS[FEEDS.index(feed)], bank.counted(lines))


@pytest.mark.soak
@pytest.mark.parametrize(("feed", "group"), WHOLE)
def test_the_bank_set_has_its_published_answers(feed: str, group: tuple[str, ...]) -> None:
    """The whole set: totals, touches to close, months, and every trait the set is counted by."""
    check(bank.rows(), feed, group, published())


@pytest.mark.soak
def test_compute_has_the_same_answers(tmp_path: Path) -> None:
    """From one file in no order, without a server."""
    told = in_feed(bank.events(bank.rows()), "shuffled")
    settings = {"dimensions": list(bank.GROUPS[0])}
    check_totals(computed(told, tmp_path, f"{END}T00:00:00Z", settings, *READ), bank.GROUPS[0], published())


def test_the_lines_give_the_published_answers() -> None:
    """What is counted here from the file is what the set publishes."""
    answers, found = published(), bank.counted(bank.rows())
    for name in ("clients", "subscribed", "conversion", "calls", "touches_to_close"):
        assert found[name] == pytest.approx(answers[name])
    for name in (name for group in bank.GROUPS for name in group):
        for value, wanted in answers[f"by_{name}"].items():
            assert found[f"by_{name}"][value][: len(wanted)] == pytest.approx(wanted)
    assert found["by_implied_month"] == answers["by_implied_month"]


def published() -> dict[str, Any]:
    """The published answers under the names used here."""
    answers = expected("bank_marketing")
    answers["touches_to_close"] = answers["touches_to_close"][:3]
    answers["by_previously"] = {"yes": answers["previously_contacted"][:3]}
    return answers


def check(lines: Sequence[bank.Line], feed: str, group: tuple[str, ...], answers: dict[str, Any]) -> None:
    """Everything that a feed of these lines must give."""
    counted = Counted(TenantBook.from_mapping({"tenant": {"dimensions": list(group)}}))
    counted.take(in_feed(bank.events(lines), feed))
    check_totals(counted.documents(ms(END)), group, answers)
    check_months(counted, answers["by_implied_month"])


def check_totals(found: Documents, group: tuple[str, ...], answers: dict[str, Any]) -> None:
    """All time, and each value of the traits."""

    def of(kpi: str, field: str = "value", **segment: str) -> Any:
        return found[kpi, "all", tuple(segment.items())][field]

    clients, won = answers["clients"], answers["subscribed"]
    assert [of("closed_won_deals"), of("closed_lost_deals")] == [won, clients - won]
    assert of("win_rate") == pytest.approx(answers["conversion"], rel=1e-12)
    assert of("call_connect_rate", "n") == answers["calls"]
    mean, middle, high = answers["touches_to_close"]
    assert [of("touches_to_close"), of("touches_to_close", "n")] == [pytest.approx(mean, rel=1e-12), won]
    assert [of("touches_to_close_median"), of("touches_to_close_p90")] == pytest.approx([middle, high], rel=1e-12)
    for name in group:
        for value, (asked, said_yes, rate, *calls) in answers[f"by_{name}"].items():
            segment = {name: value}
            assert [of("win_rate", side, **segment) for side in ("n", "numerator")] == [asked, said_yes], segment
            assert of("win_rate", **segment) == pytest.approx(rate, rel=1e-12)
            assert not calls or of("call_connect_rate", "n", **segment) == calls[0]


def check_months(counted: Counted, months: dict[str, list[int]]) -> None:
    """Deals closed and won in each month."""
    own = counted.engine.state("t").tenant
    formula = next(kpi.whole for kpi in CATALOG if kpi.id == "win_rate" and kpi.whole)
    for month, (clients, won) in months.items():
        year, number = divmod(int(month[:4]) * 12 + int(month[5:]), 12)
        at = window_at("month", ms(f"{year}-{number + 1:02d}-01"), own.zone)
        figure = formula(View(Tables(own.cells, own.rates, own.settings), at, (EVERYTHING,)))
        assert [figure.denominator, figure.numerator] == [clients, won], month
