"""Spending, the origin of customers, and the touches before their purchases."""

from collections.abc import Iterable
from datetime import date, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, Final, NamedTuple

from models.record import Row
from recount.channels import is_marketing, label
from recount.facts import UNKNOWN, Fact, Source, dated, inner, text
from recount.identity import moment
from recount.quality import Types
from recount.revenue import is_guest, orders_of
from recount.windows import DAY, local_date, midnight

if TYPE_CHECKING:
    from recount.tenant import Tenant


CUSTOMER: Final = Types(("crm.subscription.", "crm.order.", "crm.customer.", "crm.deal.won"))


class Touch(NamedTuple):
    """A marketing touch; touches at the same time are in this order."""

    at: int
    channel: str
    campaign: str


class Sale(NamedTuple):
    """A revenue fact in its own currency."""

    at: int
    minor: int | None
    currency: str | None


class Buyer(NamedTuple):
    """A subject's first touch and first purchase, as local dates."""

    touched: date | None
    bought: date | None


def campaign_of(row: Row) -> str | None:
    """An event's campaign name; a cost may give it as plain text."""
    plain = row.data.get("campaign")
    return inner(row.data, "campaign", "name") if isinstance(plain, dict) else text(plain)


def cost_dims(row: Row) -> dict[str, str]:
    """The segments a cost names."""
    return {"channel": text(row.data.get("channel")) or UNKNOWN, "campaign": campaign_of(row) or UNKNOWN}


def days_of(row: Row, tenant: "Tenant") -> list[date]:
    """The local days a cost covers."""
    own = local_date(row.time, tenant.zone)
    start, end = (row.data.get(name) for name in ("period_start", "period_end"))
    first, last = (date.fromisoformat(day) if day else own for day in (start, end))
    if last < first:
        first = last = last if end else first
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def spent(rows: Iterable[Row], tenant: "Tenant") -> list[Fact]:
    """Each cost's daily share at the day's midnight; the latest event of a cost id wins."""
    latest: dict[str, Row] = {}
    for row in sorted((row for row in rows if row.type == "crm.cost.recorded"), key=moment):
        latest[str(row.data["cost_id"])] = row
    facts: list[Fact] = []
    for row in latest.values():
        days, amount = days_of(row, tenant), row.data.get("amount")
        for place, day in enumerate(days):
            at = midnight(day, tenant.zone)
            share = amount // len(days) + (place < amount % len(days)) if isinstance(amount, int) else None
            facts.append(Fact(at, cost_dims(row), (row, tenant.rates.price(share, row.data.get("currency"), at))))
    return facts


def weights(model: str, count: int) -> list[Fraction]:
    """Each touch's share of a sale, in order."""
    if model == "linear":
        return [Fraction(1, count)] * count
    if model in ("first", "last"):
        return [Fraction(place == (0 if model == "first" else count - 1)) for place in range(count)]
    if count < 3:
        return [Fraction(1, count)] * count
    return [Fraction(2, 5), *[Fraction(1, 5) / (count - 2)] * (count - 2), Fraction(2, 5)]


def split(minor: int, parts: list[Fraction]) -> list[int]:
    """Whole units by largest remainder; on ties the earlier touch comes first."""
    exact = [minor * part for part in parts]
    found = [int(share) for share in exact]
    order = sorted(range(len(parts)), key=lambda place: (found[place] - exact[place], place))
    for place in order[: minor - sum(found)]:
        found[place] += 1
    return found


class Acquisition:
    """Costs, touches and sales of a tenant, and the lists the KPIs count."""

    def __init__(self, tenant: "Tenant") -> None:
        self.tenant = tenant
        self.viewers: set[str] = set()
        self.in_crm: set[str] = set()  # subjects known from the CRM
        self.named: dict[str, str] = {}  # the source given by customer.created
        labels: dict[str, list[tuple[int, str | None, str]]] = {}
        for row in sorted(tenant.counted, key=moment):
            self.note(row)
            if is_marketing(row, tenant.settings.touch_types):
                subject = tenant.people.buyer(row)
                labels.setdefault(subject, []).append((row.time, label(row), campaign_of(row) or UNKNOWN))
        self.touches = {
            subject: sorted(Touch(at, own or self.fallback(subject), campaign) for at, own, campaign in touches)
            for subject, touches in labels.items()
        }
        customers = tenant.revenue.customers.items()
        self.since = {subject: customer.since for subject, customer in customers if customer.since is not None}
        self.source = {subject: self.source_of(subject) for subject in self.since}
        self.channel = {subject: self.channel_of(subject) for subject in self.since}
        costs = spent(tenant.counted, tenant)
        self.cost = dated(fact for fact in costs if fact.what[0].data["purpose"] == "acquisition")
        self.retention_cost = dated(fact for fact in costs if fact.what[0].data["purpose"] == "retention")
        self.marketing_cost = dated(fact for fact in costs if self.is_marketing_cost(fact.what[0]))
        self.new = dated(
            Fact(at, {"channel": self.channel[subject], "source": self.source[subject]})
            for subject, at in self.since.items()
        )
        self.sales = self.all_sales()
        self.unattributed = dated(
            Fact(sale.at, {}, self.priced(sale, sale.minor))
            for subject, sales in self.sales.items()
            for sale in sales
            if not self.before(subject, sale)
        )
        self.note_buyers()

    def note(self, row: Row) -> None:
        """Note how an event identifies its subject's origin."""
        people = self.tenant.people
        if row.type == "crm.page.viewed":
            self.viewers.add(people.buyer(row))
        elif row.type == "crm.customer.created":
            subject = people.subject(row)
            self.in_crm.add(subject)
            if (source := text(row.data.get("source"))) is not None:
                self.named.setdefault(subject, source)
        elif row.type.startswith("crm.lead."):
            self.in_crm.add(str(people.groups.name(people.lead(str(row.data["lead_id"])))))
        elif row.type.startswith("crm.deal."):
            self.in_crm.add(people.subject_of_object("deal", str(row.data["deal_id"])))

    def fallback(self, subject: str) -> str:
        """The label for subjects whose touches don't give an origin."""
        return "direct" if subject in self.viewers else "offline" if subject in self.in_crm else UNKNOWN

    def source_of(self, subject: str) -> str:
        """The origin of a customer."""
        if subject in self.named:
            return self.named[subject]
        touches = self.touches.get(subject)
        return touches[0].channel if touches else self.fallback(subject)

    def channel_of(self, subject: str) -> str:
        """The channel that acquired a customer: its first touch's, if it had one."""
        touches = self.touches.get(subject)
        return touches[0].channel if touches else self.source_of(subject)

    @staticmethod
    def is_marketing_cost(row: Row) -> bool:
        """Whether a cost is for marketing campaigns."""
        names = text(row.data.get("channel")) is not None or campaign_of(row) is not None
        return names and row.data["purpose"] == "acquisition" and row.data.get("category", "marketing") == "marketing"

    def all_sales(self) -> dict[str, list[Sale]]:
        """Revenue facts by subject."""
        tenant, basis = self.tenant, self.tenant.settings.revenue_from
        found: dict[str, list[Sale]] = {}
        for order_id, order in orders_of(tenant.counted).items() if basis != "deals" else ():
            if order.kept and order.completed:
                minor = order.left(net_of_tax=tenant.settings.net_of_tax)
                sale = Sale(order.completed.time, minor, order.completed.data.get("currency"))
                found.setdefault(tenant.people.subject_of_object("order", order_id), []).append(sale)
        for deal_id, deal in tenant.deals.kept.items() if basis != "orders" else ():
            if deal.state == "won" and deal.closed is not None:
                sale = Sale(deal.closed, deal.money.get("amount"), deal.money.get("currency"))
                found.setdefault(tenant.people.subject_of_object("deal", deal_id), []).append(sale)
        return found

    def before(self, subject: str, sale: Sale) -> list[Touch]:
        """The touches a sale is credited to."""
        reach = self.tenant.settings.attribution_days * DAY
        return [touch for touch in self.touches.get(subject, []) if 0 <= sale.at - touch.at < reach]

    def priced(self, sale: Sale, minor: int | None) -> Fraction | None:
        """A part of a sale in the reporting currency."""
        return self.tenant.rates.price(minor, sale.currency, sale.at)

    def credits(self, model: str) -> Source:
        """The amount of each sale credited to each channel and campaign."""
        facts: list[Fact] = []
        for subject, sales in self.sales.items():
            for sale in sales:
                touches = self.before(subject, sale)
                shares = weights(model, len(touches)) if touches else []
                amounts = split(sale.minor or 0, shares) if touches else []
                by_pair: dict[tuple[str, str], int] = {}
                for touch, share, amount in zip(touches, shares, amounts, strict=True):
                    if share:
                        pair = (touch.channel, touch.campaign)
                        by_pair[pair] = by_pair.get(pair, 0) + amount
                for (channel, campaign), amount in by_pair.items():
                    minor = None if sale.minor is None else amount
                    dims = {"channel": channel, "campaign": campaign}
                    facts.append(Fact(sale.at, dims, self.priced(sale, minor)))
        return dated(facts)

    def note_buyers(self) -> None:
        """First touches and first purchases."""
        tenant = self.tenant
        orders: dict[str, int] = {}
        deals: dict[str, int] = {}
        for order_id, order in orders_of(tenant.counted).items():
            if order.kept and order.completed:
                subject = tenant.people.subject_of_object("order", order_id)
                if not is_guest(subject):
                    orders[subject] = min(orders.get(subject, order.completed.time), order.completed.time)
        for deal_id, deal in tenant.deals.kept.items():
            if deal.state == "won" and deal.closed is not None:
                subject = tenant.people.subject_of_object("deal", deal_id)
                deals[subject] = min(deals.get(subject, deal.closed), deal.closed)
        bought = {**deals, **orders}
        touched = {subject: touches[0].at for subject, touches in self.touches.items()}
        facts = {
            subject: Buyer(self.day(touched.get(subject)), self.day(bought.get(subject)))
            for subject in {*bought, *touched}
        }
        dims = tenant.dims_of_subject
        self.buyers = dated(Fact(at, dims(subject), facts[subject]) for subject, at in bought.items())
        self.touched = dated(Fact(at, dims(subject), facts[subject]) for subject, at in touched.items())

    def day(self, at: int | None) -> date | None:
        """A local date."""
        return None if at is None else local_date(at, self.tenant.zone)

    def late_dims(self, segments: str | None, row: Row) -> dict[str, str]:
        """The segments of a late event: costs and touches have their own, customer events their customer's source."""
        tenant = self.tenant
        if row.type == "crm.cost.recorded":
            return {} if segments == "source" or tenant.is_robot(row) else cost_dims(row)
        if segments == "marketing":
            if tenant.is_robot(row) or not is_marketing(row, tenant.settings.touch_types):
                return {}
            channel = label(row) or self.fallback(tenant.people.buyer(row))
            return {"channel": channel, "campaign": campaign_of(row) or UNKNOWN}
        subject = tenant.people.subject(row)
        if subject not in self.since or not CUSTOMER.match(row.type):
            return {}
        return {"channel": self.channel[subject], "source": self.source[subject]}
