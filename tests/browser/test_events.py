"""Events as they arrive, and how to send them: live, held still, by keyboard, with the snippets filled in."""

import re
from typing import Any

from playwright.sync_api import expect

from tests.browser.keyboard import tab_to
from tests.browser.mock import Mock
from tests.browser.operations import arrived

EVENTS = "?tenant=nordbolt&view=events"
CONNECT = "?tenant=nordbolt&view=connect"
ROWS = ".tail tbody tr"
STATE = ".tail-state > :first-child"
ARRIVED = ".notice.arrived"


def test_the_top_bar_and_the_ops_board_lead_to_events(visit: Any) -> None:
    page = visit().open()
    page.click(".tabs-list >> text=Events")
    page.wait_for_selector(ROWS)
    assert page.locator("h1").inner_text() == "Events"
    assert page.title() == "Events · Last 30 days · nordbolt"
    assert page.locator(".tabs-list [aria-current]").all_inner_texts() == ["Events"]
    assert not page.locator(".ranges").is_visible()
    page.keyboard.press("4")
    page.click(".board-head >> text=Connect")
    page.wait_for_selector(".snippet")
    page.go_back()
    page.wait_for_selector("[data-board=ops]")
    assert page.locator(".ranges").is_visible()


def test_an_event_appears_with_its_verdict_its_ids_and_where_it_counts(visit: Any, mock: Mock) -> None:
    page = visit().open(EVENTS, ready=ROWS)
    expect(page.locator(ROWS)).to_have_count(20)
    mock.arrive(arrived(30, type="crm.deal.won", id="new", ids={"deal_id": "D-99"}, counts_in=["win_rate"]))
    first = page.locator(ROWS).first
    expect(first).to_contain_text("new")
    for words in ("deal.won", "accepted", "deal D-99", "Win rate", "/web"):
        assert words in first.inner_text()
    first.get_by_text("Win rate").click()
    page.wait_for_selector(".explore[data-explore=win_rate]")
    page.go_back()
    page.wait_for_selector(ROWS)


def test_a_rejected_one_opens_its_letter(visit: Any) -> None:
    page = visit().open(EVENTS, ready=ROWS)
    page.locator(ROWS, has_text="rejected").first.get_by_role("button", name="missing_field").click()
    page.wait_for_selector("dialog .record")
    assert "data.customer_id" in page.locator("dialog").inner_text()


def test_it_holds_still_under_the_pointer(visit: Any, mock: Mock) -> None:
    page = visit().open(EVENTS, ready=ROWS)
    page.hover(".tail thead")
    expect(page.locator(STATE)).to_contain_text("Held: 0 new events")
    mock.arrive(arrived(30, id="new"))
    expect(page.locator(STATE)).to_have_text("Held: 1 new event")
    expect(page.locator(ROWS)).to_have_count(20)
    page.hover("h1")
    expect(page.locator(ROWS)).to_have_count(21)
    expect(page.locator(ROWS).first).to_contain_text("new")
    expect(page.locator(STATE)).to_contain_text("Live.")


def test_it_holds_still_for_the_keyboard_and_when_paused(visit: Any, mock: Mock) -> None:
    page = visit().open(EVENTS, ready=ROWS)
    tab_to(page, ".scroll")
    mock.arrive(arrived(30))
    expect(page.locator(STATE)).to_contain_text("Held: 1 new event")
    page.keyboard.press("Shift+Tab")
    expect(page.locator(ROWS)).to_have_count(21)
    page.keyboard.press("p")
    expect(page.locator(STATE)).to_have_text("Paused: 0 new events")
    mock.arrive(arrived(31), arrived(32))
    expect(page.locator(STATE)).to_contain_text("Paused: 2 new events")
    page.keyboard.press("p")
    expect(page.locator(ROWS)).to_have_count(23)


def test_a_flood_is_said_and_bounded(visit: Any, mock: Mock) -> None:
    page = visit().open(EVENTS, ready=ROWS)
    for start in range(100, 220, 20):
        mock.arrive(*(arrived(start + at, place=f"t/0/{start + at}") for at in range(20)), left_out=980)
    expect(page.locator(ROWS)).to_have_count(100)
    expect(page.locator(STATE)).to_have_text("5,880 more events came than are shown.")


def test_a_dropped_stream_goes_on_and_shows_nothing_twice(visit: Any, mock: Mock) -> None:
    page = visit().open(EVENTS, ready=ROWS)
    mock.drop()
    page.wait_for_timeout(2000)
    expect(page.locator(ROWS)).to_have_count(20)
    mock.arrive(arrived(30))
    expect(page.locator(ROWS)).to_have_count(21)


def test_kafka_away_is_said(visit: Any, mock: Mock) -> None:
    page = visit().open(EVENTS, ready=ROWS)
    mock.arrivals.append({"reason": "kafka:9092: no answer"})
    expect(page.locator(STATE)).to_have_text("Events cannot be read: kafka:9092: no answer")
    mock.arrivals.append({"reason": None})
    expect(page.locator(STATE)).to_contain_text("Live.")


def test_what_is_announced_is_a_summary(visit: Any, mock: Mock) -> None:
    """Not each event: half a minute's."""
    visitor = visit()
    visitor.page.clock.install()
    page = visitor.open(EVENTS, ready=ROWS)
    assert page.locator("#announce").get_attribute("aria-live") == "polite"
    page.clock.run_for(2_000)
    mock.arrive(*(arrived(at) for at in range(40, 45)))
    expect(page.locator(ROWS)).to_have_count(25)
    page.clock.run_for(31_000)
    expect(page.locator("#announce")).to_have_text("5 new events, 1 rejected")


def test_a_company_without_events_says_so(visit: Any) -> None:
    page = visit().open("?tenant=tyhja&view=events", ready="")
    expect(page.locator(".panel-note")).to_have_text("No events yet.")


def test_snippets_have_the_address_and_the_company(visit: Any, mock: Mock) -> None:
    page = visit().open(CONNECT, ready=".snippet")
    for tab, words in (
        ("curl", "curl http://127.0.0.1:8081/events -u nordbolt:"),
        ("Page script", '<script async src="http://127.0.0.1:8081/t.js" data-key="nordbolt"></script>'),
        ("Python", 'Touchpoints("http://127.0.0.1:8081", "nordbolt", source="/shop")'),
        ("HubSpot webhook", "http://127.0.0.1:8081/v1/webhooks/hubspot/crm"),
    ):
        page.get_by_role("tab", name=tab).click()
        expect(page.locator(".connect pre").first).to_contain_text(words)
    expect(page.locator(".connect pre").nth(1)).to_contain_text('tenant = "nordbolt"')
    assert "tab=hubspot" in page.url


def test_with_keys_no_name_stands_for_one(visit: Any, mock: Mock) -> None:
    mock.connect["keys"] = True
    page = visit().open(f"{CONNECT}&tab=script", ready=".snippet")
    assert 'data-key="WRITE_KEY"' in page.locator(".connect pre").inner_text()
    assert "crmkpi collector key --tenant nordbolt" in page.locator(".connect").inner_text()


def test_a_snippet_is_copied(visit: Any) -> None:
    visitor = visit()
    visitor.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = visitor.open(CONNECT, ready=".snippet")
    page.click(".snippet button")
    expect(page.locator(".snippet button")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == page.locator(".connect pre").inner_text()


def test_tabs_follow_the_arrow_keys(visit: Any) -> None:
    page = visit().open(CONNECT, ready=".snippet")
    tab_to(page, "[role=tab]")
    for key, name in (("ArrowRight", "Page script"), ("ArrowLeft", "curl"), ("ArrowLeft", "HubSpot webhook")):
        page.keyboard.press(key)
        assert page.evaluate("document.activeElement.textContent") == name
        assert page.locator("[role=tab][aria-selected=true]").all_inner_texts() == [name]


def test_the_first_event_is_waited_for_and_told(visit: Any, mock: Mock) -> None:
    page = visit().open("?tenant=tyhja&view=connect", ready=".snippet")
    expect(page.locator(ARRIVED)).to_contain_text("Waiting for the first event …")
    mock.arrive(arrived(30, type="crm.deal.won"))
    expect(page.locator(ARRIVED)).to_contain_text(re.compile(r"Arrived: crm\.deal\.won, \d+ secs? ago"))
    expect(page.locator("#announce")).to_contain_text("Arrived: crm.deal.won")
    mock.arrive(arrived(31))
    expect(page.locator(ARRIVED)).to_contain_text("Rejected")
    page.click(f"{ARRIVED} >> text=missing_field")
    page.wait_for_selector("dialog .record")


def test_another_company_can_be_named(visit: Any) -> None:
    page = visit().open(CONNECT, ready=".snippet")
    page.fill("#company", "kirjo-cloud")
    page.press("#company", "Enter")
    expect(page.locator(".connect pre")).to_contain_text("-u kirjo-cloud:")
    assert "tenant=kirjo-cloud" in page.url
    page.fill("#company", "Not A Name")
    page.press("#company", "Tab")
    assert "tenant=kirjo-cloud" in page.url


def test_a_company_that_is_not_known_yet_is_no_failure(visit: Any, mock: Mock) -> None:
    mock.trouble.add("unknown")
    page = visit().open("?tenant=tyhja&view=connect", ready=".snippet")
    expect(page.locator(".live")).to_have_attribute("data-state", "empty")
    expect(page.locator(".live")).to_have_text("no events yet", ignore_case=True)
    mock.trouble.clear()
    page.wait_for_selector(".live[data-state=live]", timeout=15_000)
    mock.trouble.add("expected")
