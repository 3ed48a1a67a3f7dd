"""Marketing touches of an event, and what they open: the way to a purchase, and credits of sales."""

from kpis.contributions.acquisition import LATE_TOUCHES, WAY_GROUPS, late_touch
from kpis.contributions.credit import open_credits
from kpis.facts.attribution import TOUCH_TYPES, UNKNOWN, Horizon, Touch, is_marketing_touch
from kpis.facts.channels import LONGEST, label_of
from kpis.facts.touches import LATE, Touches
from kpis.tenant.journey import counts
from kpis.tenant.tenant import Tenant
from models.record import Row


def note_event(tenant: Tenant, row: Row, raw: str, late: bool) -> None:
    """Keep a person's marketing touch, before the event is taken; open what it changes."""
    if row.type in TOUCH_TYPES and is_marketing_touch(row.type, row.data):
        _keep(tenant, row, raw, late)
    elif row.type == "crm.page.viewed":
        root = tenant.people.subject(raw)
        horizon = tenant.horizons.get(root)
        if horizon is not None and not horizon.viewed:
            _open(tenant, root)


def _open(tenant: Tenant, root: str) -> None:
    """Open all that depends on the channel of a subject's touches that name none."""
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
    """Open a subject's acquisition, before a late event of it is kept."""
    if root in tenant.horizons:
        tenant.ledger.open("acquisition", root)


def note_told(tenant: Tenant, root: str) -> None:
    """Open what changes when the CRM tells of a subject for the first time; nothing of one that has seen a page."""
    horizon = tenant.horizons.get(root)
    if horizon is not None and not horizon.viewed:
        _open(tenant, root)
