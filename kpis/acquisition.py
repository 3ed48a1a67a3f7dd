"""How a subject became a customer: its marketing touches, where it came from, how long it took, what brought its sales.

The group reads the touches of all of a subject's ids, its contacts among them. Most touches change nothing in it, so
what may change it is remembered: its *horizon*.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, NamedTuple

from kpis.attribution import MODELS, TOUCH_TYPES, Touch, credits, is_marketing_touch
from kpis.channels import LONGEST, label_of
from kpis.ledger import Contribution
from kpis.marks import DAY_MS, Mark
from kpis.money import money_marks
from kpis.people import segment_of
from kpis.purchases import Purchase, purchases_of, revenue_facts
from kpis.touches import BOT, CODES, LATE, Touches
from models.record import Row

if TYPE_CHECKING:
    from kpis.tenant import Tenant

PAGE: Final = CODES["page.viewed"]
UNKNOWN: Final = "unknown"
BEGINNING: Final = -(1 << 62)
LATE_CUSTOMERS: Final = ("crm.subscription.", "crm.order.", "crm.customer.", "crm.deal.won")


class Horizon(NamedTuple):
    """What may change a subject's acquisition: touches up to ``last`` (ms), and its first page view."""

    last: int
    viewed: bool


def note_event(tenant: "Tenant", row: Row, raw: str, late: bool) -> None:
    """Keep a person's marketing touch, before the event is taken; open what it changes."""
    if row.type in TOUCH_TYPES and is_marketing_touch(row.type, row.data):
        _keep(tenant, row, raw, late)
    elif row.type == "crm.page.viewed":
        root = tenant.people.subject(raw)
        horizon = tenant.horizons.get(root)
        if horizon is not None and not horizon.viewed:
            tenant.ledger.open("acquisition", root)


def _keep(tenant: "Tenant", row: Row, raw: str, late: bool) -> None:
    root, data = tenant.people.subject(raw), row.data
    horizon = tenant.horizons.get(root)
    if horizon is None:
        tenant.ledger.open_empty("acquisition", root)
    elif late or row.time <= horizon.last or (not horizon.viewed and row.type == "crm.page.viewed"):
        tenant.ledger.open("acquisition", root)
    campaign = (data.get("campaign") or {}).get("name")
    note = (label_of(data), UNKNOWN if campaign in (None, "") else str(campaign)[:LONGEST], row.type)
    touches = tenant.marketing.get(raw)
    if touches is None:
        touches = tenant.marketing[raw] = Touches()
        tenant.people.hold(raw)
    chunk = touches.add(row.time, 0, LATE * late, note)
    tenant.dirty.add(("marketing", (raw, chunk)))


def stir(tenant: "Tenant", root: str) -> None:
    """Open a subject's acquisition, before something small that it reads changes."""
    if root in tenant.horizons:
        tenant.ledger.open("acquisition", root)


def of_acquisition(tenant: "Tenant", root: str, since: int | None) -> Contribution:
    """A subject's way to its purchases, a customer ``since`` (ms); nothing for a name that is no subject any more."""
    if tenant.people.subject(root) != root:
        tenant.horizons.pop(root, None)
        return
    raws = list(tenant.people.raws(root))
    touched = any(raw in tenant.marketing for raw in raws)
    if not touched and since is None:
        tenant.horizons.pop(root, None)
        return
    viewed = any(_viewed(tenant, raw) for raw in raws)
    fallback = "direct" if viewed else "offline" if _made_by_crm(tenant, root) else UNKNOWN
    touches = []
    for time, late, note in _touches(tenant, raws):
        touch = Touch(time, note[0] or fallback, note[1])
        touches.append(touch)
        if late:
            yield _campaign(tenant, touch[1:]), Mark(f"late.m:{note[2]}", time, 1)
    touches.sort()
    sales = revenue_facts(tenant, root)
    last = max(touches[0].time if touches else BEGINNING, *(sale.time for sale in sales), BEGINNING)
    tenant.horizons[root] = Horizon(last if touches else 1 << 62, viewed)
    if since is not None:
        first, named = touches[0].channel if touches else None, _named(tenant, root)
        yield from _new_customer(tenant, root, since, (first or named or fallback, named or first or fallback))
    for sale in sales:
        yield from _sale(tenant, sale, touches)
    yield from _time_to_purchase(tenant, root, touches)


def _touches(tenant: "Tenant", raws: list[str]) -> Iterator[tuple[int, int, tuple[str | None, str, str]]]:
    for raw in raws:
        for time, _, flags, note in tenant.marketing.get(raw, ()):
            if note[2].removeprefix("crm.") in tenant.settings.touch_types:
                yield time, flags & LATE, note


def _viewed(tenant: "Tenant", raw: str) -> bool:
    touches = tenant.people.touches.get(raw, ())
    return any(kind == PAGE and not flags & BOT for _, kind, flags, _ in touches)


def _made_by_crm(tenant: "Tenant", root: str) -> bool:
    """Whether the CRM told of a subject as a customer, a lead, or by a deal."""
    people = tenant.people
    return (
        any(event[3] == "created" for one in people.identity.members(root) for event in tenant.customers.get(one, ()))
        or any(event[1] != "deal" for lead in people.owned_by(root, "lead") for event in tenant.leads.get(lead, ()))
        or any(deal in tenant.deals for deal in people.owned_by(root, "deal"))
    )


def _named(tenant: "Tenant", root: str) -> str | None:
    """The source that the earliest ``customer.created`` with one says."""
    members = tenant.people.identity.members(root)
    created = [event for one in members for event in tenant.customers.get(one, ()) if event[3] == "created"]
    said = [event for event in created if event[4] not in (None, "")]
    return str(min(said)[4])[:LONGEST] if said else None


def _new_customer(tenant: "Tenant", root: str, since: int, labels: tuple[str, str]) -> Contribution:
    """A new customer in its acquisition channel and in its source."""
    pairs = zip(("channel", "source"), labels, strict=True)
    channel, source = (tenant.sets.code((segment_of(*pair),)) for pair in pairs)
    yield channel, Mark("acquired", since, 1)
    yield source, Mark("sourced", since, 1)
    for key in tenant.people.owned_by(root, "late"):
        for time, type_, *_ in tenant.late.get(key, ()):
            if type_.startswith(LATE_CUSTOMERS):
                yield channel, Mark(f"late.a:{type_}", time, 1)
                yield source, Mark(f"late.o:{type_}", time, 1)


def _campaign(tenant: "Tenant", pair: tuple[str, str]) -> int:
    return tenant.sets.code((segment_of("channel", pair[0]), segment_of("campaign", pair[1])))


def _sale(tenant: "Tenant", sale: Purchase, touches: list[Touch]) -> Contribution:
    """What each channel and campaign is credited of a sale, in its currency and at its time, by each model."""
    reach = tenant.settings.attribution_days * DAY_MS
    before = [touch for touch in touches if 0 <= sale.time - touch.time < reach]
    if not before:
        yield from ((0, mark) for mark in _money(tenant, "credit.none", sale, sale.amount))
    for model in MODELS if before else ():
        for pair, amount in credits(model, before, sale.amount or 0).items():
            code = _campaign(tenant, pair)
            for mark in _money(tenant, f"credit.{model}", sale, None if sale.amount is None else amount):
                yield code, mark


def _money(tenant: "Tenant", base: str, sale: Purchase, amount: int | None) -> Iterator[Mark]:
    return money_marks(base, sale.time, None, amount, sale.currency, tenant.zone, rated=None)


def _time_to_purchase(tenant: "Tenant", root: str, touches: list[Touch]) -> Contribution:
    """Local days from the first touch to the first order, else the first won deal: at the purchase, at the touch."""
    bought = purchases_of(tenant, root, "order") or purchases_of(tenant, root, "deal")
    segments, day = tenant.people.segments(root), tenant.zone.day
    if not touches:
        if bought:
            yield segments, Mark("ttp_untouched", bought[0].time, 1)
        return
    touched = touches[0].time
    if not bought:
        yield segments, Mark("touched.open", touched, 1)
        return
    at = bought[0].time
    days = day(at // 60_000) - day(touched // 60_000)
    if days < 0:
        yield segments, Mark("bad_ttp", at, 1)
        yield segments, Mark("touched.bad", touched, 1)
        return
    yield segments, Mark(f"ttp={days}", at, 1)
    yield segments, Mark(f"touched.bought:{days}", touched, 1)
