"""Alert entries of the ledger, and the rules in force: from the settings file and from the API.

("rule", tenant, id): a rule created by API or command line. ("state", tenant, id): its state.
("change", tenant, id, number): the log. ("ack", tenant, id, number), ("mute", tenant, id): actions of users.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any, Final

from pydantic import ValidationError

from alerts.machine import State
from models.alerting import Rule
from notify.entries import Entries, Entry, Key, Value
from notify.message import RETRY

RULE: Final = "rule"
STATE: Final = "state"
CHANGE: Final = "change"
ACK: Final = "ack"
MUTE: Final = "mute"
KINDS: Final = (RULE, STATE, CHANGE, ACK, MUTE, "delivery")


def rules_of(tenant: str, of_file: Iterable[Rule], entries: Entries) -> dict[str, Rule]:
    """A tenant's rules by id. A rule in the file takes precedence over one by API with the same id.

    Rules written by a newer build that this one cannot read are ignored.
    """
    found: dict[str, Rule] = {}
    for key, value in entries.of(RULE, tenant):
        try:
            found[key[2]] = Rule.model_validate({**value["rule"], "id": key[2], "tenant": tenant})
        except (ValidationError, LookupError):
            continue
    return found | {rule.id: rule for rule in of_file if rule.tenant == tenant}


def ended(tenant: str, rules: Mapping[str, Rule], entries: Entries) -> Iterator[tuple[Rule, State]]:
    """Removed rules whose end is not recorded yet, in their last form. Those of a newer build are ignored."""
    for key, value in entries.of(STATE, tenant):
        if key[2] in rules or gone(value):
            continue
        with suppress(ValidationError):
            yield Rule.model_validate({**value["rule"], "id": key[2], "tenant": tenant}), State.of(value)


def tenants_of(of_file: Iterable[Rule], entries: Entries) -> set[str]:
    """Tenants that have or had rules."""
    return {rule.tenant for rule in of_file} | entries.tenants(RULE) | entries.tenants(STATE)


def state_of(entries: Entries, tenant: str, rule: str) -> State:
    """The state of a rule; the initial state for a new one."""
    value = entries.get(STATE, tenant, rule)
    return State.of(value) if value else State()


def gone(value: Value) -> bool:
    """Whether a state belongs to a removed rule."""
    return bool(value.get("gone"))


def muted_until(entries: Entries, tenant: str, rule: str) -> int | None:
    """ms UTC, or None."""
    value = entries.get(MUTE, tenant, rule)
    return int(value["until"]) if value else None


def mute(tenant: str, rule: str, until: int | None, by: str, at: int) -> Entry:
    """The entry that mutes a rule until an instant, ms UTC; None unmutes it."""
    return (MUTE, tenant, rule), None if until is None else {"until": until, "by": by, "at": at}


def ack(tenant: str, rule: str, number: int, by: str, at: int) -> Entry:
    """The entry that acknowledges a change."""
    return (ACK, tenant, rule, str(number)), {"by": by, "at": at}


def retry(tenant: str, delivery: str, at: int) -> Entry:
    """The entry that retries an abandoned message."""
    return (RETRY, tenant, delivery), {"at": at}


def rule_entry(rule: Rule) -> Entry:
    """The entry of a rule created by API."""
    return (RULE, rule.tenant, rule.id), {"rule": rule.as_json()}


def no_rule(tenant: str, rule: str) -> Entry:
    """The entry that removes a rule created by API."""
    return (RULE, tenant, rule), None


def old(entries: Entries, tenant: str, before: int) -> list[Key]:
    """Keys of log entries and completed deliveries before an instant, ms UTC."""
    found = [key for key, value in entries.of(CHANGE, tenant) if value["at"] < before]
    found += [(ACK, *key[1:]) for key in found if entries.get(ACK, *key[1:]) is not None]
    done = (key for key, value in entries.of("delivery", tenant) if (value.get("done") or before) < before)
    asked = (key for key, value in entries.of(RETRY, tenant) if value["at"] < before)
    return [*found, *done, *asked]


def log_of(entries: Entries, tenant: str, most: int) -> list[dict[str, Any]]:
    """The log, newest first, each change with its acknowledgement and the outcome of its messages."""
    deliveries: dict[tuple[str, int], list[Mapping[str, Any]]] = {}
    for _, value in entries.of("delivery", tenant):
        if value.get("change") is not None:
            deliveries.setdefault((value["about"], value["change"]), []).append(value)
    changes = sorted(entries.of(CHANGE, tenant), key=lambda item: (item[1]["at"], int(item[0][3])), reverse=True)
    return [
        {
            "rule": key[2],
            "number": int(key[3]),
            **{name: value.get(name) for name in ("state", "at", "title", "text", "value", "level", "n")},
            "ack": entries.get(ACK, *key[1:]),
            "deliveries": [_told(one) for one in deliveries.get((key[2], int(key[3])), ())],
        }
        for key, value in changes[:most]
    ]


def _told(value: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value.get(name) for name in ("id", "channel", "address", "status", "attempts", "error", "done")}
