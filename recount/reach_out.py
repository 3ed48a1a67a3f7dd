"""Outreach to leads and deals: touches counted from events."""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from models.record import Row
from models.settings import TenantSettings
from recount.deals import Deal, Deals
from recount.facts import Dims, Fact, Source, dated
from recount.identity import People
from recount.nodes import Node
from recount.web import Lead, Leads, takes_back
from recount.windows import DAY, QUARTER_HOUR, Window, ceil_to, local_date

CLOSING = ("crm.call.ended", "crm.meeting.held", "crm.chat.messaged", "crm.email.sent")


def is_bulk(row: Row) -> bool:
    """A bulk e-mail."""
    return row.type == "crm.email.sent" and row.data.get("bulk") is True


def is_outbound(row: Row) -> bool:
    """Whether an event is an outbound step by the company."""
    if row.type in ("crm.call.ended", "crm.chat.messaged"):
        return row.data.get("direction") == "outbound"
    return row.type in ("crm.meeting.held", "crm.lead.contacted", "crm.email.sent") and not is_bulk(row)


def disqualified(lead: Lead) -> int | None:
    """When a lead was first disqualified."""
    return min((row.time for row in lead.events if row.type == "crm.lead.disqualified"), default=None)


def lead_end(lead: Lead) -> float:
    """When a lead stopped being one: by an opportunity, or disqualified."""
    ends = (lead.opportunity, disqualified(lead))
    return min((end for end in ends if end is not None), default=float("inf"))


class Touches:
    """Touches by deal and by subject."""

    def __init__(self, rows: Iterable[Row], people: People) -> None:
        self.named: dict[str, list[int]] = {}  # deal -> touches that name it
        self.unnamed: dict[str, list[int]] = {}  # subject -> touches that name no deal
        self.outbound: dict[str, list[int]] = {}  # subject -> outbound touches
        for row in rows:
            if row.type in CLOSING and not is_bulk(row):
                deal = row.data.get("deal_id")
                whose, name = (self.named, str(deal)) if deal else (self.unnamed, people.subject(row))
                whose.setdefault(name, []).append(row.time)
            if is_outbound(row):
                self.outbound.setdefault(people.subject(row), []).append(row.time)


class Closings:
    """Touches of each won deal up to its close."""

    def __init__(self, touches: Touches, deals: Deals, leads: Leads, people: People) -> None:
        self.touches, self.people = touches, people
        self.leads: dict[str, list[int]] = {}  # deal -> creation times of the leads converted to it
        for lead in leads.all.values():
            for name in linked(lead):
                self.leads.setdefault(name, []).append(lead.created)
        won = [(name, found) for name, found in deals.kept.items() if found.state == "won"]
        self.won = dated(Fact(found.closed or 0, found.dims, self.count(name, found)) for name, found in won)

    def count(self, name: str, deal: Deal) -> int:
        """The number of touches a won deal took."""
        known = [*self.leads.get(name, []), *([deal.created] if deal.created is not None else [])]
        start, end = min(known, default=-float("inf")), deal.closed or 0
        own = [at for at in self.touches.named.get(name, []) if start <= at <= end]
        others = self.touches.unnamed.get(self.people.subject_of_object("deal", name), [])
        return len(own) + sum(start <= at <= end and was_open(deal, at) for at in others)


def was_open(deal: Deal, at: int) -> bool:
    """Whether a deal was open or still a lead."""
    if deal.created is None:
        return False
    return at < deal.created or at == deal.closed or any(start <= at < end for start, end in deal.open_from_to)


def linked(lead: Lead) -> Iterator[str]:
    """The deals a lead was converted to."""
    undone = [row for row in lead.events if row.type == "crm.lead.unconverted"]
    for row in lead.events:
        converted = row.type == "crm.lead.converted" and row.data.get("deal_id")
        if converted and not any(takes_back(other, row) for other in undone):
            yield str(row.data["deal_id"])
    yield from lead.deal_ids if lead.events else ()


class Responses:
    """Responses to leads."""

    def __init__(
        self, touches: Touches, leads: Leads, dims: dict[str, Dims], people: People, settings: TenantSettings
    ) -> None:
        self.settings, self.unknown = settings, leads.unknown
        found: list[Fact] = []
        self.leads: list[tuple[Lead, list[int], Dims]] = []
        for node, lead in leads.all.items():
            if lead.events:
                subject = subject_of(node, people)
                times = sorted(touches.outbound.get(subject, []))
                self.leads.append((lead, times, dims.get(subject, leads.unknown)))
        for lead, times, where in self.leads:
            found.append(Fact(lead.created, where, (lead, times)))
        self.created: Source = dated(found)

    def seconds(self, fact: Fact) -> int | None:
        """From a lead's creation to the first touch; None if there is none."""
        lead, times = fact.what
        return max(0, times[0] - lead.created) // 1000 if times else None

    def business_seconds(self, fact: Fact) -> int | None:
        """The same in working time."""
        lead, times = fact.what
        return worked(lead.created, times[0], self.settings) // 1000 if times else None

    @staticmethod
    def follow_ups(fact: Fact) -> int:
        """Touches after the first, while it was a lead."""
        lead, times = fact.what
        end = lead_end(lead)
        return sum(lead.created <= at < end for at in times[1:])

    def open(self, window: Window) -> list[Fact]:
        """Leads open at a window's end, and whether each is abandoned."""
        found = []
        for lead, times, where in self.leads:
            if lead.created < window.end and lead_end(lead) >= window.end:
                last = max([lead.created, *(at for at in times if at < window.end)])
                silent = ceil_to(last + self.settings.abandoned_days * DAY, QUARTER_HOUR)
                found.append(Fact(window.end, where, silent < window.end))
        return found


def subject_of(node: Node, people: People) -> str:
    """The subject of a lead."""
    return str(people.groups.name(node))


def worked(start: int, end: int, settings: TenantSettings) -> int:
    """Working time between two instants, ms."""
    total, day = 0, local_date(start, settings.zone)
    while end > start and day <= local_date(end, settings.zone):
        if day.isoweekday() in settings.workdays and day not in settings.holidays:
            opens, closes = (wall(day, text, settings.zone) for text in settings.work_hours)
            total += max(0, min(end, closes) - max(start, opens))
        day += timedelta(days=1)
    return total


def wall(day: date, text: str, zone: ZoneInfo) -> int:
    """The instant of a local clock time on a day, ms."""
    if text == "24:00":
        day, text = day + timedelta(days=1), "00:00"
    moment = datetime.combine(day, time.fromisoformat(text), zone)
    return round((moment - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(milliseconds=1))
