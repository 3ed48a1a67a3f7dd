"""Maps Pipedrive deliveries: organization to customer, person to contact, deal to deal. Pure."""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from collectors.event import Event
from collectors.webhooks.items import Fault, at, given, maybe
from collectors.webhooks.times import in_utc, of_us

_ENTITIES: Final = {"organization": "customer", "lead": "lead"}


class Notice(NamedTuple):
    """A delivery, independent of the format's version."""

    entity: str  # "deal"
    action: str  # created, updated, deleted, merged
    name: str  # the object's id
    now: dict[str, Any]  # the object; if deleted, its last state
    before: dict[str, Any]  # at least the changed fields
    id: str
    us: int  # microseconds since 1970
    actor: str | None
    traits: frozenset[str]

    def event(self, type_: str, suffix: str = "", **data: Any) -> Event:
        """An event of this delivery; deal events use its time in microseconds as version."""
        if type_.startswith("deal.") and type_ != "deal.created":
            data["version"] = self.us
        return Event(f"crm.{type_}", f"{self.id}{suffix}", of_us(self.us, "meta.timestamp"), given(**data))


def events_of(notice: Notice) -> Iterator[Event]:
    """The events of a delivery. Raises Fault."""
    if notice.entity == "deal":
        yield from _deal(notice)
    elif notice.action == "created" and notice.entity == "lead":
        yield notice.event("lead.created", lead_id=notice.name, **people(notice.now))
    elif notice.action == "merged" and notice.entity in _ENTITIES:
        gone, into = _merged(notice)
        yield notice.event("identity.merged", winner_id=into, loser_ids=[gone], entity=_ENTITIES[notice.entity])
    if notice.entity in ("deal", "organization", "person", "lead") and notice.action in _RECORDS:
        name, into = _merged(notice) if notice.action == "merged" else (notice.name, "")
        about = given(object=notice.entity, record_id=name, into_record_id=into, actor_id=notice.actor)
        yield notice.event(f"record.{notice.action}", "-record", **about)


_RECORDS: Final = ("created", "deleted", "merged")


def _deal(notice: Notice) -> Iterator[Event]:
    about = {"deal_id": notice.name}
    if notice.action == "merged":
        gone, into = _merged(notice)
        yield notice.event("deal.merged", deal_id=gone, into_deal_id=into)
    elif notice.action == "deleted" or (_changed(notice, "status") and maybe(notice.now, "status") == "deleted"):
        yield notice.event("deal.deleted", **about)
    elif notice.action == "created":
        about = _about(notice)
        created = maybe(notice.now, "add_time")
        event = notice.event("deal.created", **about, stage=maybe(notice.now, "stage_id"))
        yield event._replace(time=in_utc(created)) if created else event
        yield from _ended(notice, about)
    elif notice.action == "updated":
        yield from _updated(notice, _about(notice))


def _updated(notice: Notice, about: dict[str, Any]) -> Iterator[Event]:
    """A stage change, then a result; anything else is an update."""
    stage = maybe(notice.now, "stage_id")
    if stage and _changed(notice, "stage_id"):
        before = maybe(notice.before, "stage_id")
        yield notice.event("deal.stage_changed", "-stage", **about, to_stage=stage, from_stage=before)
    moved = (
        _changed(notice, "stage_id") and maybe(notice.now, "status") != "open"
    )  # a stage change alone would reopen the deal
    if _changed(notice, "status") or moved:
        yield from _ended(notice, about, reopened=True)
    elif not _changed(notice, "stage_id"):
        yield notice.event("deal.updated", **about)


def _ended(notice: Notice, about: dict[str, Any], *, reopened: bool = False) -> Iterator[Event]:
    """A deal's result or reopening, with Pipedrive's time for it."""
    status = maybe(notice.now, "status")
    if status in ("won", "lost"):
        closed = maybe(notice.now, f"{status}_time") or maybe(notice.now, "close_time")
        reason = maybe(notice.now, "lost_reason") if status == "lost" else None
        yield notice.event(
            f"deal.{status}", "-end", **about, closed_at=in_utc(closed) if closed else None, reason=reason
        )
    elif status == "open" and reopened:
        yield notice.event("deal.reopened", "-end", **about)


def _changed(notice: Notice, field: str) -> bool:
    """Whether a field has changed; version 2 sends only changed fields, version 1 all."""
    return field in notice.before and at(notice.before, field) != at(notice.now, field)


def _about(notice: Notice) -> dict[str, Any]:
    """The current state of a deal, without stage and result."""
    now = notice.now
    value = at(now, "value")
    return {
        "deal_id": notice.name, **people(now),
        **given(amount=value, currency=maybe(now, "currency") if value is not None else None),
        **given(pipeline=maybe(now, "pipeline_id")),
        **given(traits=given(**{name: at(now, name) for name in sorted(notice.traits)})),
    }  # fmt: skip


def people(now: dict[str, Any]) -> dict[str, Any]:
    """Ids related to an object. The API nests some of them in objects."""
    return given(
        customer_id=_id(now, "org_id", "organization_id"), contact_id=_id(now, "person_id"),
        owner_id=_id(now, "owner_id", "user_id"), lead_id=maybe(now, "lead_id"),
    )  # fmt: skip


def _id(now: dict[str, Any], *names: str) -> str | None:
    for name in names:
        path = f"{name}.value" if isinstance(now.get(name), dict) else name
        if found := maybe(now, path) or (maybe(now, f"{name}.id") if path != name else None):
            return found
    return None


def _merged(notice: Notice) -> tuple[str, str]:
    """The id of the merged object, and of the one it was merged into."""
    into = maybe(notice.now, "id") or ""
    gone = maybe(notice.now, "merge_what_id") or notice.name
    if not into or into == gone:
        raise Fault("current.merge_what_id", "does not say which object was merged into this one")
    return gone, into
