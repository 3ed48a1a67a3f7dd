"""An open page while numbers change, the worker dies, and Redis goes away or is emptied."""

import os
import signal
import time
from typing import Any

import pytest

from tests.browser.live.conftest import Visits, tell
from tests.browser.live.demo import Demo
from tests.browser.live.looks import WATCH, same_as_api, settled
from tests.browser.test_tiles import SHIFTS

STALE_S = 120.0  # 90 s without a word of the worker, and what a busy machine adds
BACK_S = 150.0
REV = "() => crmkpi.store.meta.rev"
LIVE = """() => document.querySelector('.live').dataset.state === 'live'
  && !document.querySelector('.tile[data-stale=true]')"""


def watched(visit: Visits, board: str) -> Any:
    """A board that is drawn, whose changes are counted from now on."""
    page = visit().open(f"?board={board}")
    settled(page)
    page.evaluate(WATCH)
    return page


def steady(page: Any) -> dict[str, float]:
    """What was counted since `WATCH`; nothing may have gone blank."""
    seen: dict[str, float] = page.evaluate("window.seen")
    assert (seen["blank"], seen["emptied"], seen["gone"]) == (0, 0, 0)
    return seen


def until(page: Any, state: str, seconds: float) -> float:
    """Until the page says that it is live or stale; how long that took, seconds."""
    began = time.monotonic()
    page.wait_for_function(
        LIVE if state == "live" else f"() => document.querySelector('.live').dataset.state === '{state}'",
        timeout=seconds * 1000,
    )
    return time.monotonic() - began


def equal(page: Any, demo: Demo) -> None:
    """The page shows what is published, and that equals a full recount."""
    same_as_api(page)
    found = demo.verify()
    assert found["verified"], found
    same_as_api(page)


@pytest.mark.parametrize("board", ["sales", "marketing", "success", "ops"])
def test_numbers_change_without_flicker_or_shift(visit: Visits, board: str) -> None:
    visitor = visit()
    visitor.page.add_init_script(SHIFTS)
    page = visitor.open(f"?board={board}")
    settled(page)
    page.wait_for_timeout(1500)
    first = page.evaluate("window.shift ?? 0")
    page.evaluate(WATCH)
    page.evaluate("window.shift = 0")
    page.wait_for_timeout(25_000)
    seen, moved = steady(page), page.evaluate("window.shift")
    tell(f"{board}: {seen['values']:.0f} values changed in 25 s, layout shift {moved:.4f} (while loading {first:.4f})")
    assert moved < 0.01
    assert seen["values"] > 0


def test_the_worker_is_killed(visit: Visits, demo: Demo) -> None:
    """It is started again: the page says how old its numbers are, and goes on by itself."""
    page = watched(visit, "marketing")
    first = demo.worker
    os.kill(first, signal.SIGKILL)
    page.wait_for_timeout(900)  # its last words, and before the next one is started
    rev = page.evaluate(REV)
    took = demo.wait(lambda: page.evaluate(REV) != rev, BACK_S, "no number of another worker")
    until(page, "live", BACK_S)
    tell(f"worker killed: the page has numbers of the next one after {took:.0f} s")
    assert demo.worker != first
    steady(page)
    equal(page, demo)


def test_the_worker_stays_away(visit: Visits, demo: Demo) -> None:
    """Nobody starts it again: the page says so in words, keeps its numbers, and goes on when it is back."""
    visit.trouble = True
    page = watched(visit, "sales")
    worker = demo.worker
    os.kill(demo.pid, signal.SIGSTOP)  # the supervisor, and the feed
    try:
        os.kill(worker, signal.SIGKILL)
        took = until(page, "stale", STALE_S)
        assert "stale since" in page.locator(".live").inner_text()
        assert page.locator(".tile[data-stale=true]").count() > 8
        assert "stale" in page.locator("[data-kpi=win_rate] .status").inner_text()
    finally:
        os.kill(demo.pid, signal.SIGCONT)
    back = until(page, "live", BACK_S)
    tell(f"worker away: stale after {took:.0f} s, live again {back:.0f} s after it could be started")
    steady(page)
    equal(page, demo)


def test_redis_is_killed(visit: Visits, demo: Demo) -> None:
    """It comes back empty: the page says what is wrong, keeps its numbers, and has all of them again by itself."""
    visit.trouble = True
    page = watched(visit, "sales")
    first = demo.redis
    os.kill(first, signal.SIGKILL)
    took = until(page, "stale", 30)
    assert "stale since" in page.locator(".live").inner_text()
    assert "Redis does not answer" in page.locator(".live").get_attribute("title")
    back = until(page, "live", BACK_S)
    tell(f"Redis killed: said after {took:.1f} s, live again {back:.0f} s later")
    assert demo.redis != first
    steady(page)
    equal(page, demo)


def test_redis_is_emptied(visit: Visits, demo: Demo) -> None:
    """Nothing that is shown goes away."""
    visit.trouble = True
    page = watched(visit, "sales")
    demo.empty_redis()
    began = time.monotonic()
    page.wait_for_timeout(3000)
    until(page, "live", BACK_S)
    same_as_api(page)
    tell(f"Redis emptied: all of the board again after {time.monotonic() - began:.0f} s")
    steady(page)
    equal(page, demo)
    other = visit().open("?board=marketing")
    settled(other, 60_000)
    assert other.locator(".panel-note").count() == 0


def test_the_dashboard_is_killed(visit: Visits, demo: Demo) -> None:
    """It is started again on its port, and the page finds it."""
    visit.trouble = True
    page = watched(visit, "sales")
    os.kill(demo.dashboard, signal.SIGKILL)
    took = until(page, "offline", 30)
    back = until(page, "live", BACK_S)
    tell(f"dashboard killed: said after {took:.1f} s, live again {back:.0f} s later")
    steady(page)
    same_as_api(page)
