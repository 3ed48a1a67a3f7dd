"""From a tile to a customer and back, on real data: the same address shows the same, and every count agrees."""

from pathlib import Path
from typing import Any

import pytest

from tests.browser.keyboard import tab_to
from tests.browser.live.conftest import Visits, ask
from tests.browser.live.demo import Demo
from tests.browser.live.looks import TENANT, settled

CLOSED = "?window=last_month"  # its numbers stand still
TRIES = 30
SHOWN = """() => ['.crumbs', 'h1', '.headline .value', '[data-panel=win_rate_members] table',
  '[data-panel=win_rate_crossed] table'].map((one) => document.querySelector(one)?.textContent)"""
MEMBERS = (
    "closed_won_deals",
    "win_rate",
    "closed_won_value",
    "leads",
    "orders",
    "new_customers",
    "tickets_opened",
    "net_promoter_score",
    "mrr",
    "email_open_rate",
)


def test_a_tile_leads_to_a_customer_and_back_leads_to_the_board(visit: Visits, shots: Path) -> None:
    page = visit().open(CLOSED)
    page.click("[data-kpi=win_rate] .tile-link")
    page.wait_for_selector("[data-panel=trend] .u-over")
    page.click("[data-dimension=owner] a >> nth=0")
    page.wait_for_selector(".crumbs .chip")
    page.wait_for_selector("[data-panel=win_rate_members] tbody a")
    page.locator("[data-panel=win_rate_crossed] select").nth(1).select_option("source")
    page.wait_for_selector("[data-panel=win_rate_crossed] tbody tr")
    page.screenshot(path=shots / "drill-filtered.png", full_page=True)
    before = settled_text(page)
    page.reload()
    page.wait_for_selector("[data-panel=win_rate_members] tbody a")
    assert settled_text(page) == before
    page.click("[data-panel=win_rate_members] tbody a >> nth=0")
    page.wait_for_selector("dialog.drawer .fact")
    page.wait_for_timeout(300)
    page.screenshot(path=shots / "drill-timeline.png")
    told = page.locator("dialog.drawer").inner_text()
    page.reload()
    page.wait_for_selector("dialog.drawer .fact")
    assert page.locator("dialog.drawer").inner_text() == told
    page.go_back()
    page.wait_for_selector("dialog.drawer", state="detached")
    page.go_back()
    page.wait_for_selector(".crumbs .chip", state="detached")
    page.go_back()
    page.wait_for_selector(".board[data-board=sales] .tile[data-state=ok]")


def settled_text(page: Any) -> list[str]:
    """What explore says of a closed month."""
    settled(page)
    page.wait_for_function("document.querySelector('.headline .value')?.textContent !== '–'")
    found: list[str] = page.evaluate(SHOWN)
    return found


@pytest.mark.parametrize("kpi", MEMBERS)
def test_members_are_as_many_as_the_page_says(visit: Visits, demo: Demo, kpi: str) -> None:
    for _ in range(TRIES):  # while events come the document and its members may be of two moments
        document = ask(demo, f"/{TENANT}/kpis/{kpi}?window=30d")
        members: list[dict[str, Any]] = []
        found: dict[str, Any] = {"total": 1}
        while len(members) < found["total"]:
            found = ask(demo, f"/{TENANT}/kpis/{kpi}/members?window=30d&limit=1000&offset={len(members)}")
            members += found["members"]
        if ask(demo, f"/{TENANT}/kpis/{kpi}?window=30d")["n"] == document["n"] == found["n"]:
            break
    assert sum(one["n"] for one in members) == document["n"]
    page = visit().open(f"?kpi={kpi}&window=last_month")
    page.wait_for_selector(f"[data-panel={kpi}_members] tbody tr, [data-panel={kpi}_members] .panel-note")
    settled(page)
    closed = ask(demo, f"/{TENANT}/kpis/{kpi}?window=last_month")
    page.wait_for_function(
        "(n) => document.querySelector('.facts').textContent.includes(`n ${n}`)", arg=f"{closed['n']:,}"
    )
    if closed["n"]:
        assert f"the n of {closed['n']:,} shown above" in page.locator(f"[data-panel={kpi}_members]").inner_text()


def test_thirty_days_of_orders_add_up_to_the_tile(visit: Visits) -> None:
    page = visit().open("?kpi=orders&window=30d")
    page.wait_for_selector("[data-panel=trend] .u-over")
    for _ in range(TRIES):
        found = page.evaluate(
            """async () => {
              const { store } = crmkpi;
              const series = await (await fetch(`/api/v1/${store.tenant}/kpis/orders/series?step=day`)).json();
              const shown = Number(document.querySelector('.headline .value').textContent.replaceAll(',', ''));
              return [series.series[0].values.slice(-30).reduce((sum, one) => sum + (one ?? 0), 0), shown];
            }"""
        )
        if found[0] == found[1]:
            break
        page.wait_for_timeout(300)
    assert found[0] == found[1] > 0


def test_the_keyboard_alone_reaches_a_customer(visit: Visits) -> None:
    page = visit().open("")
    settled(page)

    tab_to(page, "#skip")
    page.keyboard.press("Enter")
    tab_to(page, "[data-kpi=win_rate] .tile-link")
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-panel=win_rate_members] tbody a")
    tab_to(page, "[data-panel=win_rate_members] tbody a")
    page.keyboard.press("Enter")
    page.wait_for_selector("dialog.drawer .fact")
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog.drawer", state="detached")
    page.keyboard.press("b")
    page.wait_for_selector(".board[data-board=sales]")
