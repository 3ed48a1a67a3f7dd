"""Handlers for record, ticket and user events."""

from typing import Final

from kpis.cells.measures import code
from kpis.facts.crm_records import record_event
from kpis.facts.tickets import ticket_event
from kpis.facts.touches import CODES
from kpis.intake.unpicked import keeps, keeps_object
from kpis.tenant.tenant import Tenant
from models.record import Row

LOGGED_IN: Final = code("logins")


def take_record(tenant: Tenant, kind: str, row: Row, raw: str, late: bool, bot: bool) -> None:
    """A record event. A record id is unique only within its object type."""
    if kind == "updated":
        return
    thing = f"record:{row.data['record_id']}"
    if not keeps_object(tenant, thing, row):
        return
    key = f"{thing}\0{row.data['object']}"
    tenant.ledger.open("record", key)
    tenant.assign("record", key, thing)
    tenant.file("record", key, tenant.records, record_event(row.time, kind, row.source, row.id, row.data))


def take_ticket(tenant: Tenant, kind: str, row: Row, raw: str, late: bool, bot: bool) -> None:
    """A ticket event."""
    key = f"ticket:{row.data['ticket_id']}"
    if not keeps_object(tenant, key, row):
        return
    tenant.ledger.open("ticket", key)
    tenant.assign("ticket", key, key)
    tenant.file("ticket", key, tenant.tickets, ticket_event(row.time, kind, row.source, row.id, row.data))


def take_user(tenant: Tenant, kind: str, row: Row, raw: str, late: bool, bot: bool) -> None:
    """A sign-in or a sign-up; only the earliest sign-up of an id counts."""
    if kind == "signed_in":
        take_signin(tenant, row, raw)
    if kind != "signed_up" or not keeps(tenant, raw) or row.time >= tenant.signups.get(raw, row.time + 1):
        return
    tenant.people.hold(raw)
    tenant.ledger.open("person", tenant.people.person(raw))
    tenant.signups[raw] = row.time
    tenant.dirty.add(("signup", raw))


def take_signin(tenant: Tenant, row: Row, raw: str) -> None:
    """Record a sign-in for its user, and for the event's person if that is a different id."""
    user = f"user:{row.data['user_id']}"
    if keeps(tenant, raw) and row.time < tenant.signins.get(raw, row.time + 1):
        tenant.people.hold(raw)
        tenant.ledger.open("person", tenant.people.person(raw))
        tenant.signins[raw] = row.time
        tenant.dirty.add(("signin", raw))
    if keeps(tenant, user):
        tenant.assign("logins", user, user)
        if not tenant.ledger.is_open("logins", user):
            tenant.ledger.add(tenant.people.segments(tenant.people.person(user)), LOGGED_IN, row.time // 60_000)
        keep_touch(tenant, user, row.time, CODES["login.own" if raw == user else "login.user"], user)
    if raw != user and keeps(tenant, raw):
        keep_touch(tenant, raw, row.time, CODES["login.told"], None)


def keep_touch(tenant: Tenant, raw: str, time: int, kind: int, note: str | None) -> None:
    """Store a touch that only shows that a person was present. ``time``: ms."""
    tenant.engagement.note(raw, time, kind)
    chunk = tenant.person_sets.touch(raw, time, kind, 0, note)
    tenant.dirty.add(("touch", (raw, chunk)))
