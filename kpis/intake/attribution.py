"""Stores marketing touches and retracts what they change: a subject's acquisition and the credit of its sales."""

from kpis.contributions.acquisition import LATE_TOUCHES, WAY_GROUPS, late_touch
from kpis.contributions.credit import open_credits
from kpis.facts.attribution import TOUCH_TYPES, UNKNOWN, Horizon, Touch, is_marketing_touch
from kpis.facts.channels import LONGEST, label_of
from kpis.facts.touches import LATE, Touches
from kpis.tenant.journey import counts
from kpis.tenant.tenant import Tenant
from models.record import Row


def note_event(tenant: Tenant, row: Row, raw: str, late: bool) -> None:
    """Store an event's marketing touch, if it is one, after retracting what it changes. Runs before the handler."""
    if row.type in TOUCH_TYPES and is_marketing_touch(row.type, row.data):
        _keep(tenant, row, raw, late)
    elif row.type == "crm.page.viewed":
        root = tenant.people.subject(raw)
        horizon = tenant.horizons.get(root)
        if horizon is not None and not horizon.viewed:
            _open(tenant, root)


def _open(tenant: Tenant, root: str) -> None:
    """Retract everything that depends on the fallback channel, which touches without a channel get."""
    for kind in WAY_GROUPS:
        tenant.ledger.open(kind, root)
    open_credits(tenant, root)


def _keep(tenant: Tenant, row: Row, raw: str, late: bool) -> None:
    root, data = tenant.people.subject(raw), row.data
    horizon = tenant.horizons.get(root)
    campaign = (data.get("campaign") or {}).get("name")
    note = (label_of(data), UNKNOWN if campaign in (None, "") else str(campaign)[:LONGEST], row.type)
    if horizon is None:
        for kind in WAY_GROUPS:
            tenant.ledger.open_empty(kind, root)
    else:
        _open_changed(tenant, row, root, horizon)
        if late and not tenant.ledger.is_open(LATE_TOUCHES, root) and counts(tenant, row.type):
            touch = Touch(row.time, note[0] or horizon.fallback, note[1])
            tenant.ledger.add_delta(*late_touch(tenant, touch, row.type), 1)
    touches = tenant.marketing.get(raw)
    if touches is None:
        touches = tenant.marketing[raw] = Touches()
        tenant.people.hold(raw)
    chunk = touches.add(row.time, 0, LATE * late, note)
    tenant.dirty.add(("marketing", (raw, chunk)))


def _open_changed(tenant: Tenant, row: Row, root: str, horizon: Horizon) -> None:
    if not horizon.viewed and row.type == "crm.page.viewed":
        _open(tenant, root)
        return
    if row.time <= horizon.first:
        tenant.ledger.open("acquisition", root)
    if row.time <= horizon.last:
        open_credits(tenant, root, row.time)


def note_late(tenant: Tenant, root: str) -> None:
    """Retract a subject's acquisition before one of its late events is stored."""
    if root in tenant.horizons:
        tenant.ledger.open("acquisition", root)


def note_reported(tenant: Tenant, root: str) -> None:
    """Retract what changes when the CRM first reports a subject; nothing if the subject has viewed a page."""
    horizon = tenant.horizons.get(root)
    if horizon is not None and not horizon.viewed:
        _open(tenant, root)
