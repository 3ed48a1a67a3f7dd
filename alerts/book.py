"""Entries of the ledger that belong to alerts, and the rules that hold: those of the file, and those made by API.

("rule", tenant, id): a rule made by API, or by the command line. ("state", tenant, id): what is known of it.
("change", tenant, id, number): the log. ("ack", tenant, id, number), ("mute", tenant, id): what somebody did.
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
    """A tenant's rules by id. One of the file comes before one made by API with its id.

    A rule that this build cannot read, because a newer one wrote it, is left alone.
    """
    found: dict[str, Rule] = {}
    for key, value in entries.of(RULE, tenant):
        try:
            found[key[2]] = Rule.model_validate({**value["rule"], "id": key[2], "tenant": tenant})
        except (ValidationError, LookupError):
            continue
    return found | {rule.id: rule for rule in of_file if rule.tenant == tenant}


def ended(tenant: str, rules: Mapping[str, Rule], entries: Entries) -> Iterator[tuple[Rule, State]]:
    """Rules that are no more, as they were, whose end is not written yet. What a newer build wrote is left alone."""
    for key, value in entries.of(STATE, tenant):
        if key[2] in rules or gone(value):
            continue
        with suppress(ValidationError):
            yield Rule.model_validate({**value["rule"], "id": key[2], "tenant": tenant}), State.of(value)


def tenants_of(of_file: Iterable[Rule], entries: Entries) -> set[str]:
    """Those that have rules, or had."""
    return {rule.tenant for rule in of_file} | entries.tenants(RULE) | entries.tenants(STATE)


def state_of(entries: Entries, tenant: str, rule: str) -> State:
    """What is known of a rule; of a new one, nothing."""
    value = entries.get(STATE, tenant, rule)
    return State.of(value) if value else State()


def gone(value: Value) -> bool:
    """Whether a state is that of a rule which is no more."""
    return bool(value.get("gone"))


def muted_until(entries: Entries, tenant: str, rule: str) -> int | None:
    """ms UTC, or None."""
    value = entries.get(MUTE, tenant, rule)
    return int(value["until"]) if value else None


def mute(tenant: str, rule: str, until: int | None, by: str, at: int) -> Entry:
    """That nobody is told until then, ms UTC; None: it ends now."""
    return (MUTE, tenant, rule), None if until is None else {"until": until, "by": by, "at": at}


def ack(tenant: str, rule: str, number: int, by: str, at: int) -> Entry:
    """That somebody has seen a change."""
    return (ACK, tenant, rule, str(number)), {"by": by, "at": at}


def retry(tenant: str, delivery: str, at: int) -> Entry:
    """That a message which was given up is to be tried again."""
    return (RETRY, tenant, delivery), {"at": at}


def rule_entry(rule: Rule) -> Entry:
    """A rule made by API."""
    return (RULE, rule.tenant, rule.id), {"rule": rule.as_json()}


def no_rule(tenant: str, rule: str) -> Entry:
    """The end of a rule made by API."""
    return (RULE, tenant, rule), None


def old(entries: Entries, tenant: str, before: int) -> list[Key]:
    """Keys of the log and of deliveries that were done before then, ms UTC."""
    found = [key for key, value in entries.of(CHANGE, tenant) if value["at"] < before]
    found += [(ACK, *key[1:]) for key in found if entries.get(ACK, *key[1:]) is not None]
    done = (key for key, value in entries.of("delivery", tenant) if (value.get("done") or before) < before)
    asked = (key for key, value in entries.of(RETRY, tenant) if value["at"] < before)
    return [*found, *done, *asked]


def log_of(entries: Entries, tenant: str, most: int) -> list[dict[str, Any]]:
    """The newest changes first, each with who has seen it and what became of its messages."""
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
