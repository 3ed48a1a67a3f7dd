"""Turns current Pipedrive objects into the deliveries its webhooks would have sent. Pure.

`collectors.webhooks.crm` interprets the deliveries. Their ids are not part of the object, so event ids are made of
object and time instead.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

from collectors.event import Event
from collectors.webhooks.crm.pipedrive_objects import Notice, events_of
from collectors.webhooks.items import at, maybe, table, text
from collectors.webhooks.times import in_utc, us_of

_FIELDS: Final = ("stage_id", "status")


class Logged(NamedTuple):
    """An object, and a deal's change log; None if it was not requested."""

    entity: str  # "deal"
    row: Any
    log: Sequence[Any] | None = None


def changes(logged: Logged, traits: frozenset[str]) -> Iterator[Notice]:
    """An object's history as notifications. Raises Fault if the object has no id."""
    row, entity = table(logged.row), logged.entity
    name, made = text(row, "id"), moment(row, "add_time")
    log = _steps(logged.log or ())
    first: dict[str, Any] = {"add_time": text(row, "add_time"), "status": "open"}
    if logged.log is not None:
        moved = [one for one in log if maybe(one, "field_key") == "stage_id"]
        first["stage_id"] = maybe(moved[0], "old_value") if moved else maybe(row, "stage_id")
    actor = maybe(row, "creator_user_id") or maybe(row, "owner_id")
    yield Notice(entity, "created", name, first, {}, f"{entity}-{name}-created", made, actor, frozenset())
    if entity != "deal":
        return
    yield from _logged(name, log)
    if logged.log is None:
        yield from _stage(name, row)
    yield _now(name, row, traits)


def events(notice: Notice) -> Iterator[Event]:
    """The events of a notification, as for the webhook. Raises Fault."""
    return events_of(notice)


def moment(row: Any, field: str) -> int:
    """A time in microseconds UTC. Raises Fault."""
    return us_of(in_utc(text(row, field)), field)


def _now(name: str, row: dict[str, Any], traits: frozenset[str]) -> Notice:
    """The current state of a deal. A closed one is preceded by its open state."""
    changed = moment(row, "update_time")
    ended = maybe(row, "status") != "open"
    before: dict[str, Any] = {"status": "open"} if ended else {}
    return Notice("deal", "updated", name, row, before, f"deal-{name}-{changed}", changed, None, traits)


def _stage(name: str, row: dict[str, Any]) -> Iterator[Notice]:
    """The deal's latest stage."""
    if maybe(row, "stage_change_time"):
        when, stage = moment(row, "stage_change_time"), text(row, "stage_id")
        now = {"stage_id": stage, "status": "open"}
        yield Notice(
            "deal", "updated", name, now, {"stage_id": None}, f"deal-{name}-{stage}-{when}", when, None, frozenset()
        )


def _logged(name: str, log: Sequence[Any]) -> Iterator[Notice]:
    when, place = -1, 0
    for one in log:
        field, us = text(one, "field_key"), moment(one, "time")
        when, place = (
            us,
            place + 1 if us == when else 0,
        )  # the log's resolution is seconds: changes within one keep their order
        old, new = at(one, "old_value"), at(one, "new_value")
        now = {"stage_id": new, "status": "open"} if field == "stage_id" else {"status": new}
        key = f"deal-{name}-{field}-{us + place}"
        yield Notice("deal", "updated", name, now, {field: old}, key, us + place, None, frozenset())


def _steps(log: Sequence[Any]) -> list[Any]:
    """Stage changes and results, oldest first."""
    found = [one for one in log if maybe(one, "field_key") in _FIELDS]
    if len(found) > 1 and moment(found[0], "time") > moment(found[-1], "time"):
        found.reverse()
    return sorted(found, key=lambda one: moment(one, "time"))
