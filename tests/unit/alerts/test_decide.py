"""From observations to what is written: log, messages, mutes, quiet hours, and rules that are no more."""

from typing import Any, Final
from zoneinfo import ZoneInfo

from alerts import book
from alerts.decide import Decided, decide
from alerts.machine import Observation, State, Verdict
from models.alerting import Rule
from models.notifying import Channel
from notify.entries import Entries

UTC: Final = ZoneInfo("UTC")
START: Final = 1_795_000_000_000  # 2026-11-18, 11:06 UTC
BAD: Final = Observation(Verdict.BAD, "0.2", "0.3", 100, "2026-11-18T11:06:00Z")
FINE: Final = Observation(Verdict.FINE, "0.5", "0.3", 90, "2026-11-18T12:06:00Z")
CHANNELS: Final = [
    Channel(name="ops", tenant="acme", kind="stream"),
    Channel(name="team", tenant="acme", kind="email", addresses=("a@b.example", "c@d.example")),
]


class Run:
    """Rules of a tenant, and a ledger that takes in what is decided."""

    def __init__(self, *rules: dict[str, Any]) -> None:
        given = {"tenant": "acme", "kind": "threshold", "kpi": "win_rate", "window": "30d", "below": 0.3}
        self.rules = {one["id"]: Rule.model_validate({**given, "to": ("ops",), **one}) for one in rules}
        self.entries, self.states = Entries(), dict[str, State]()
        self._offset = 0

    def see(self, now: int, **seen: Observation) -> Decided:
        """One look."""
        found = decide("acme", self.rules, self.states, seen, self.entries, CHANNELS, UTC, now)
        self.put(*found.entries)
        self.states = found.states
        return found

    def put(self, *entries: Any) -> None:
        """As the ledger does."""
        for entry in entries:
            self._offset += 1
            self.entries.put(self._offset, entry)

    @property
    def told(self) -> list[tuple[str, str, str]]:
        """(channel and address, type, title) of every message."""
        of = (value for _, value in self.entries.of("delivery"))
        return [(x["channel"] + x["address"], x["message"]["type"], x["message"]["title"]) for x in of]

    @property
    def log(self) -> list[dict[str, Any]]:
        return book.log_of(self.entries, "acme", 100)


def test_a_raise_and_a_clear_are_logged_and_told() -> None:
    run = Run({"id": "r"})
    run.see(START, r=BAD)
    assert run.see(START + 10_000, r=BAD).entries == []
    run.see(START + 20_000, r=FINE)
    assert run.told == [
        ("ops", "kpi.alert.raised", "Alert: Win rate (30d) is 20.0 %, below 30.0 %"),
        ("ops", "kpi.alert.cleared", "Cleared: Win rate (30d) is back at 50.0 %"),
    ]
    assert [(one["number"], one["state"], one["value"], one["n"]) for one in run.log] == [
        (2, "cleared", "0.5", 90),
        (1, "raised", "0.2", 100),
    ]
    assert [len(one["deliveries"]) for one in run.log] == [1, 1]


def test_each_address_is_told_once() -> None:
    run = Run({"id": "r", "to": ("team", "ops")})
    run.see(START, r=BAD)
    assert [told[0] for told in run.told] == ["teama@b.example", "teamc@d.example", "ops"]
    assert len({key for key, _ in run.entries.of("delivery")}) == 3


def test_a_restart_from_what_was_written_tells_nothing_again() -> None:
    run = Run({"id": "r", "for": "10m"})
    for second in range(0, 300, 10):
        run.see(START + second * 1000, r=BAD)
    run.states = {}  # as after kill -9
    for second in range(300, 1200, 10):
        run.see(START + second * 1000, r=BAD)
        if second % 100 == 0:
            run.states = {}
    assert [one["state"] for one in run.log] == ["raised"]
    assert len(run.told) == 1


def test_a_pending_rule_is_written_now_and_then_only() -> None:
    run = Run({"id": "r", "for": "1h"})
    written = sum(bool(run.see(START + second * 1000, r=BAD).entries) for second in range(0, 3600, 10))
    assert written <= 5


def test_muted_it_is_logged_and_told_afterwards_if_it_still_holds() -> None:
    run = Run({"id": "r"})
    run.put(book.mute("acme", "r", START + 3_600_000, "anna", START))
    run.see(START, r=BAD)
    assert (len(run.log), run.told) == (1, [])
    run.see(START + 3_600_000)
    assert run.told == [("ops", "kpi.alert.raised", "Alert: Win rate (30d) is 20.0 %, below 30.0 %")]
    run.put(book.mute("acme", "r", START + 7_200_000, "anna", START))
    run.see(START + 3_700_000, r=FINE)
    run.see(START + 3_800_000, r=BAD)
    run.put(book.mute("acme", "r", None, "anna", START))
    run.see(START + 3_900_000, r=BAD)
    assert len(run.told) == 1  # what was told last holds again
    assert [one["number"] for one in run.log] == [3, 2, 1]


def test_a_night_that_began_quietly_is_told_in_the_morning() -> None:
    run = Run({"id": "r", "quiet": [{"from": "22:00", "to": "07:00"}]})
    hour, night = 3_600_000, START + 11 * 3_600_000  # 22:06
    run.see(night, r=BAD)
    for more in range(1, 9):
        run.see(night + more * hour, r=BAD)
    assert run.told == []
    run.see(night + 9 * hour, r=BAD)
    assert len(run.told) == 1
    (value,) = (value for _, value in run.entries.of("delivery"))
    assert value["message"]["at"] == night  # it says since when
    assert value["created"] == night + 9 * hour


def test_a_rule_that_is_no_more_is_cleared_and_whoever_was_told_is_told() -> None:
    run = Run({"id": "r"}, {"id": "other"})
    run.see(START, r=BAD, other=FINE)
    rule = run.rules.pop("r")
    run.see(START + 1_000, other=FINE)
    assert run.told[-1] == ("ops", "kpi.alert.cleared", "Cleared: Win rate (30d) is no longer watched")
    assert run.see(START + 2_000, other=FINE).entries == []
    run.rules["r"] = rule  # it comes back: numbers go on
    run.see(START + 3_000, r=BAD)
    assert [(one["number"], one["state"]) for one in run.log] == [(3, "raised"), (2, "cleared"), (1, "raised")]
    assert len({key for key, _ in run.entries.of("delivery")}) == 3


def test_what_is_old_goes_with_its_acknowledgement_and_the_state_stays() -> None:
    run = Run({"id": "r"})
    run.see(START, r=BAD)
    run.put(book.ack("acme", "r", 1, "anna", START))
    key, value = next(run.entries.of("delivery"))
    run.put((key, {**value, "status": "sent", "done": START}))
    assert book.old(run.entries, "acme", START) == []
    gone = book.old(run.entries, "acme", START + 1)
    assert gone == [("change", "acme", "r", "1"), ("ack", "acme", "r", "1"), key]


def test_rules_by_api_are_rules_and_the_files_come_first() -> None:
    run = Run({"id": "r"})
    made = run.rules["r"].model_copy(update={"title": "by API"})
    run.put(book.rule_entry(made), book.rule_entry(made.model_copy(update={"id": "more"})))
    run.put((("rule", "acme", "newer"), {"rule": {"kind": "of a newer build"}}))
    run.put((("state", "acme", "newer"), {"raised": True, "rule": {"kind": "of a newer build"}}))
    assert run.see(START, r=FINE).entries == []  # nor is its end ours to tell
    found = book.rules_of("acme", list(run.rules.values()), run.entries)
    assert {name: rule.title for name, rule in found.items()} == {"r": "", "more": "by API"}
    run.put(book.no_rule("acme", "more"))
    assert set(book.rules_of("acme", (), run.entries)) == {"r"}
