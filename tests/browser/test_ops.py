"""The ops board: workers, dead letters that are shown, sent again and discarded, the quarantine, verify on a button."""

from typing import Any

from playwright.sync_api import expect

from tests.browser.mock import Mock
from tests.browser.operations import letter

OPS = "?tenant=nordbolt&board=ops"
LETTERS = "[data-panel=dead_letters] tbody tr"
VERIFY = "[data-panel=verify]"


def test_workers_say_what_they_do_and_what_they_restore(visit: Any, mock: Mock) -> None:
    page = visit().open(OPS, ready="[data-panel=workers] tbody tr")
    text = page.locator("[data-panel=workers]").inner_text()
    for words in ("2 workers, all ready", "1,565/s", "0.12%", "4.2 ms · 31 ms", "worker-2:4123"):
        assert words in text
    mock.trouble.add("restoring")
    page.wait_for_selector("[data-panel=workers] >> text=restoring 1 lane, 62%")
    assert "1 worker is not ready" in page.locator("[data-panel=workers] .takeaway").inner_text()


def test_the_keyboard_alone_reads_a_letter_and_comes_back(visit: Any) -> None:
    page = visit().open(OPS, ready=LETTERS)
    page.locator(f"{LETTERS} button.link").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("dialog .letter")
    page.keyboard.press("Tab")
    name = page.locator("dialog .letter").nth(1).get_attribute("data-key")
    assert page.evaluate("document.activeElement.dataset.key") == name
    page.keyboard.press("Enter")
    page.wait_for_selector("dialog .record")
    text = page.locator("dialog").inner_text()
    for words in ("Ünal & Söhne", "missing_field", "data.customer_id", "a required field is missing", str(name)):
        assert words in text
    assert page.evaluate("document.activeElement.textContent") == "Back"
    page.keyboard.press("Enter")
    page.wait_for_selector("dialog .letter")
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog", state="detached")
    assert page.evaluate("document.activeElement.textContent") == "missing_field"


def test_a_kind_of_letters_is_sent_again_once_it_is_confirmed(visit: Any, mock: Mock) -> None:
    page = visit().open(OPS, ready=LETTERS)
    again = page.locator(LETTERS, has_text="missing_field").get_by_role("button", name="Send all 61 again")
    again.click()
    assert "Send 61 events again" in page.locator("dialog").inner_text()
    page.click("dialog >> text=Cancel")
    assert mock.desk.dealt == []
    again.click()
    page.click("dialog .primary")
    page.wait_for_selector("dialog >> text=61 events were sent again.")
    kind = {"topic": "crm.customers.v1", "reason": "missing_field", "field": "data.customer_id"}
    assert mock.desk.dealt == [("retry", kind)]
    assert page.evaluate("document.activeElement.textContent") == "Close"
    page.keyboard.press("Enter")
    expect(page.locator(LETTERS)).to_have_count(3)


def test_many_kinds_of_letters_are_shown_on_demand(visit: Any, mock: Mock) -> None:
    for number in range(12):
        found = letter(f"crm.t{number}.v1", 1, "bad_value", "data.x", "is wrong") | {"id": f"crm.t{number}.v1/0/1"}
        mock.desk.letters[found["id"]] = found
    page = visit().open(OPS, ready=LETTERS)
    expect(page.locator(LETTERS)).to_have_count(8)
    page.click("[data-panel=dead_letters] .more")
    expect(page.locator(LETTERS)).to_have_count(16)
    assert page.evaluate("document.activeElement.dataset.key").startswith("show crm.t")


def test_what_cannot_be_sent_again_says_why(visit: Any) -> None:
    page = visit().open(OPS, ready=LETTERS)
    page.locator(LETTERS, has_text="id_conflict").get_by_role("button", name="Send all 2 again").click()
    page.click("dialog .primary")
    page.wait_for_selector("dialog .told li")
    assert "0 events were sent again." in page.locator("dialog").inner_text()
    assert "send it under another id" in page.locator("dialog .told").inner_text()


def test_one_letter_is_discarded(visit: Any, mock: Mock) -> None:
    page = visit().open(OPS, ready=LETTERS)
    page.locator(LETTERS, has_text="bad_amount").locator("button.link").click()
    page.wait_for_selector("dialog .letter")
    name = page.locator("dialog .letter").first.get_attribute("data-key")
    page.locator("dialog .letter").first.click()
    page.click("dialog.drawer >> text=Discard")
    page.click("dialog:not(.drawer) .primary")
    page.wait_for_selector("text=1 event was discarded.")
    page.click("dialog:not(.drawer) >> text=Close >> nth=-1")
    expect(page.locator("dialog .letter")).to_have_count(6)
    assert mock.desk.dealt == [("discard", {"ids": [name]})]


def test_who_may_look_only_is_told_so(visit: Any, mock: Mock) -> None:
    mock.trouble.add("look")
    page = visit().open(OPS, ready=LETTERS)
    page.locator(LETTERS, has_text="bad_amount").get_by_role("button", name="Discard all 7").click()
    page.click("dialog .primary")
    expect(page.locator("dialog [role=status]")).to_contain_text("role act")
    assert page.locator("dialog .primary").is_enabled()


def test_an_event_in_quarantine_can_be_looked_at(visit: Any) -> None:
    page = visit().open(OPS, ready="[data-panel=quarantine] .letter")
    assert "1 event could not be counted" in page.locator("[data-panel=quarantine]").inner_text()
    page.click("[data-panel=quarantine] .letter")
    page.wait_for_selector("dialog .record")
    assert "ZeroDivisionError" in page.locator("dialog").inner_text()


def test_verify_shows_its_progress_and_its_result(visit: Any, mock: Mock) -> None:
    mock.desk.seconds = 12.0
    page = visit().open(OPS, ready=f"{VERIFY} .primary")
    assert "Not verified since the server started" in page.locator(VERIFY).inner_text()
    page.focus(f"{VERIFY} .primary")
    page.keyboard.press("Enter")
    page.wait_for_selector(f"{VERIFY} progress[value]")
    assert "of 48,210 records" in page.locator(VERIFY).inner_text()
    other = visit().open(OPS, ready=f"{VERIFY} progress")
    assert page.evaluate("document.activeElement.dataset.key") == "verify"
    mock.desk.seconds = 0.1
    page.wait_for_selector(f"{VERIFY} .outcome[data-tone=good]")
    text = page.locator(VERIFY).inner_text()
    assert "14,322 published KPIs equal a recount of 48,210 records" in text
    assert "1 quarantined event is left out" in text
    assert page.evaluate("document.activeElement.dataset.key") == "verify"
    assert "14,322" in page.locator("#announce").inner_text()
    other.wait_for_selector(f"{VERIFY} .outcome[data-tone=good]")


def test_verify_lists_what_differs(visit: Any, mock: Mock) -> None:
    told = "nordbolt: published win_rate month: value is 0.4, recounted 0.5"
    mock.desk.outcome |= {"verified": False, "different": 3, "differences": [told]}
    page = visit().open(OPS, ready=f"{VERIFY} .primary")
    page.click(f"{VERIFY} .primary")
    page.wait_for_selector(f"{VERIFY} .outcome[data-tone=bad]")
    text = page.locator(VERIFY).inner_text()
    assert "3 differences were found" in text
    assert told in text


def test_a_verification_is_cancelled(visit: Any) -> None:
    page = visit().open(OPS, ready=f"{VERIFY} .primary")
    page.click(f"{VERIFY} .primary")
    page.click(f"{VERIFY} >> text=Cancel")
    page.wait_for_selector(f"{VERIFY} .outcome[data-tone=warn]")
    assert "it was cancelled" in page.locator(VERIFY).inner_text()


def test_focus_stays_where_it_is_when_the_list_changes(visit: Any, mock: Mock) -> None:
    page = visit().open(OPS, ready=LETTERS)
    page.locator(LETTERS, has_text="id_conflict").locator("button.link").focus()
    mock.desk.deal("discard", {"reason": "bad_amount"})
    expect(page.locator(LETTERS)).to_have_count(3, timeout=15_000)
    assert page.evaluate("document.activeElement.textContent") == "id_conflict"
