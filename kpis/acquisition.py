"""How a subject became a customer: where it came from, and how long it took.

The group reads the touches of all of a subject's ids, its contacts among them. Most touches change nothing in it, nor
in what sales are credited to, so what may change these is remembered: the subject's *horizon*.
"""

from typing import TYPE_CHECKING, Final, NamedTuple

from kpis.calendar.intervals import FOREVER
from kpis.cells.deltas import Delta
from kpis.cells.ledger import Contribution
from kpis.credit import campaign_code, open_credits
from kpis.facts.attribution import TOUCH_TYPES, Touch, is_marketing_touch
from kpis.facts.channels import LONGEST, label_of
from kpis.facts.touches import LATE, Touches
from kpis.identity.ids import segment_of
from kpis.journey import DIRECT, UNKNOWN, counts, journey_of
from kpis.purchases import purchases_of, revenue_facts
from kpis.told import told_of
from models.record import Row

if TYPE_CHECKING:
    from kpis.tenant import Tenant

LATE_TOUCHES: Final = "late_touches"
WAY_GROUPS: Final = ("acquisition", LATE_TOUCHES)  # they read the channel of touches that name none
BEGINNING: Final = -(1 << 62)
LATE_CUSTOMERS: Final = ("crm.subscription.", "crm.order.", "crm.customer.", "crm.deal.won")


class Horizon(NamedTuple):
    """What may change a subject's acquisition: touches up to the ``first``, and its first page view.

    What they may change of its credits: touches up to the ``last`` sale, ms. ``fallback``: see `Journey`.
    """

    first: int
    last: int
    fallback: str

    @property
    def viewed(self) -> bool:
        """It has seen a page."""
        return self.fallback == DIRECT


def note_event(tenant: "Tenant", row: Row, raw: str, late: bool) -> None:
    """Keep a person's marketing touch, before the event is taken; open what it changes."""
    if row.type in TOUCH_TYPES and is_marketing_touch(row.type, row.data):
        _keep(tenant, row, raw, late)
    elif row.type == "crm.page.viewed":
        root = tenant.people.subject(raw)
        horizon = tenant.horizons.get(root)
        if horizon is not None and not horizon.viewed:
            _open(tenant, root)


def _open(tenant: "Tenant", root: str) -> None:
    """Open all that depends on the channel of a subject's touches that name none."""
    for kind in WAY_GROUPS:
        tenant.ledger.open(kind, root)
    open_credits(tenant, root)


def _keep(tenant: "Tenant", row: Row, raw: str, late: bool) -> None:
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
            tenant.ledger.add_delta(*_late_touch(tenant, touch, row.type), 1)
    touches = tenant.marketing.get(raw)
    if touches is None:
        touches = tenant.marketing[raw] = Touches()
        tenant.people.hold(raw)
    chunk = touches.add(row.time, 0, LATE * late, note)
    tenant.dirty.add(("marketing", (raw, chunk)))


def _open_changed(tenant: "Tenant", row: Row, root: str, horizon: Horizon) -> None:
    if not horizon.viewed and row.type == "crm.page.viewed":
        _open(tenant, root)
        return
    if row.time <= horizon.first:
        tenant.ledger.open("acquisition", root)
    if row.time <= horizon.last:
        open_credits(tenant, root, row.time)


def of_late_touches(tenant: "Tenant", root: str) -> Contribution:
    """A subject's late touches, each in its channel and campaign; nothing for a name that is no subject any more."""
    if tenant.people.subject(root) == root:
        for touch, type_ in journey_of(tenant, root).late():
            yield _late_touch(tenant, touch, type_)


def _late_touch(tenant: "Tenant", touch: Touch, type_: str) -> tuple[int, Delta]:
    return campaign_code(tenant, touch[1:]), Delta(f"late.m:{type_}", touch.time, 1)


def note_late(tenant: "Tenant", root: str) -> None:
    """Open a subject's acquisition, before a late event of it is kept."""
    if root in tenant.horizons:
        tenant.ledger.open("acquisition", root)


def note_told(tenant: "Tenant", root: str) -> None:
    """Open what changes when the CRM tells of a subject for the first time; nothing of one that has seen a page."""
    horizon = tenant.horizons.get(root)
    if horizon is not None and not horizon.viewed:
        _open(tenant, root)


def of_acquisition(tenant: "Tenant", root: str, since: int | None) -> Contribution:
    """A subject's way to its purchases, a customer ``since`` (ms); nothing for a name that is no subject any more."""
    if tenant.people.subject(root) != root:
        tenant.horizons.pop(root, None)
        return
    journey = journey_of(tenant, root)
    if not journey.touched and since is None:
        tenant.horizons.pop(root, None)
        return
    first, sales = journey.first(), revenue_facts(tenant, root)
    last = sales[-1].time if sales else BEGINNING
    tenant.horizons[root] = Horizon(FOREVER if first is None else first.time, last, journey.fallback)
    if since is not None:
        channel, named = None if first is None else first.channel, _named(tenant, root)
        fallback = journey.fallback
        yield from _new_customer(tenant, root, since, (channel or named or fallback, named or channel or fallback))
    yield from _time_to_purchase(tenant, root, first)


def _named(tenant: "Tenant", root: str) -> str | None:
    """The source that the earliest ``customer.created`` with one says."""
    members = [one for one in tenant.people.identity.members(root) if one in tenant.customers]
    said = [event for one in members for event in told_of(tenant, one).created if event[4] not in (None, "")]
    return str(min(said)[4])[:LONGEST] if said else None


def _new_customer(tenant: "Tenant", root: str, since: int, labels: tuple[str, str]) -> Contribution:
    """A new customer in its acquisition channel and in its source."""
    pairs = zip(("channel", "source"), labels, strict=True)
    channel, source = (tenant.sets.code((segment_of(*pair),)) for pair in pairs)
    yield channel, Delta("acquired", since, 1)
    yield source, Delta("sourced", since, 1)
    for key in tenant.people.owned_by(root, "late"):
        for time, type_, *_ in tenant.late.get(key, ()):
            if type_.startswith(LATE_CUSTOMERS):
                yield channel, Delta(f"late.a:{type_}", time, 1)
                yield source, Delta(f"late.o:{type_}", time, 1)


def _time_to_purchase(tenant: "Tenant", root: str, first: Touch | None) -> Contribution:
    """Local days from the first touch to the first order, else the first won deal: at the purchase, at the touch."""
    bought = purchases_of(tenant, root, "order") or purchases_of(tenant, root, "deal")
    segments, day = tenant.people.segments(root), tenant.zone.day
    if first is None:
        if bought:
            yield segments, Delta("ttp_untouched", bought[0].time, 1)
        return
    touched = first.time
    if not bought:
        yield segments, Delta("touched.open", touched, 1)
        return
    at = bought[0].time
    days = day(at // 60_000) - day(touched // 60_000)
    if days < 0:
        yield segments, Delta("bad_ttp", at, 1)
        yield segments, Delta("touched.bad", touched, 1)
        return
    yield segments, Delta(f"ttp={days}", at, 1)
    yield segments, Delta(f"touched.bought:{days}", touched, 1)
