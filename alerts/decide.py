"""Turns observations into ledger entries: a pure function of state, observations and time."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple
from zoneinfo import ZoneInfo

from alerts import book
from alerts.machine import Change, Observation, State, Step, step, withdrawn, worth_keeping
from alerts.observe import UNKNOWN
from alerts.texts import GONE, entry_of, message_of
from models.alerting import Rule
from models.notifying import Channel
from notify.channels import deliveries
from notify.entries import Entries, Entry


class Decided(NamedTuple):
    """``states``: by rule, whether or not they were written."""

    states: dict[str, State]
    entries: list[Entry]


def decide(
    tenant: str,
    rules: Mapping[str, Rule],
    states: Mapping[str, State],
    seen: Mapping[str, Observation],
    known: Entries,
    channels: Sequence[Channel],
    zone: ZoneInfo,
    now: int,
) -> Decided:
    """Evaluates a tenant's rules. ``states``: as returned by the last call; ``now``: ms UTC."""
    after: dict[str, State] = {}
    entries: list[Entry] = []
    for name, rule in rules.items():
        kept = book.state_of(known, tenant, name)
        before = states.get(name, kept)
        until = book.muted_until(known, tenant, name)
        observed = seen.get(name, UNKNOWN)
        done = step(rule, zone, before, observed, now, muted=until is not None and now < until)
        entries += _entries(rule, kept, done, observed, known, channels, now)
        after[name] = done.state
    for rule, kept in book.ended(tenant, rules, known):
        entries += _withdrawn(rule, states.get(rule.id, kept), known, channels, now)
    return Decided(after, entries)


def _entries(
    rule: Rule, kept: State, done: Step, seen: Observation, known: Entries, channels: Sequence[Channel], now: int
) -> list[Entry]:
    found: list[Entry] = []
    if worth_keeping(rule, kept, done.state):
        # The entry contains the rule, so that its end can be announced after it is removed.
        found.append(((book.STATE, rule.tenant, rule.id), {**done.state.as_json(), "rule": rule.as_json()}))
    return found + _told(rule, done, seen, known, channels, now)


def _withdrawn(rule: Rule, state: State, known: Entries, channels: Sequence[Channel], now: int) -> list[Entry]:
    done = withdrawn(state, now)
    value = {**done.state.as_json(), "rule": rule.as_json(), "gone": True}
    return [((book.STATE, rule.tenant, rule.id), value), *_told(rule, done, GONE, known, channels, now)]


def _told(
    rule: Rule, done: Step, seen: Observation, known: Entries, channels: Sequence[Channel], now: int
) -> list[Entry]:
    found: list[Entry] = []
    if change := done.change:
        found.append(((book.CHANGE, rule.tenant, rule.id, str(change.number)), entry_of(rule, seen, change)))
    if notice := done.notice:
        key = book.CHANGE, rule.tenant, rule.id, str(notice.change)
        # A notice sent later, such as after quiet hours, still has the figures of the change.
        value = (
            dict(found).get(key) or known.get(*key) or entry_of(rule, seen, Change(notice.raised, notice.change, now))
        )
        made = deliveries(channels, rule.to, rule.tenant, rule.id, message_of(value), now, notice.number, now)
        found += [(one.key, one._replace(change=notice.change).as_json()) for one in made]
    return found
