"""Visitors, leads, sign-ups and interactions by channel."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from models.record import BOT, Row
from recount.facts import Dims, Fact, Source, dated, undated
from recount.identity import People, moment, nodes
from recount.mail import is_click, message_key
from recount.nodes import Node
from recount.parts import of_object
from recount.windows import Window, local_date

SOCIAL: Final = ("liked", "commented", "shared", "followed", "mentioned", "messaged")
CHANNELS: Final = {
    "crm.email.opened": "email",
    "crm.email.clicked": "email",
    "crm.page.viewed": "page",
    "crm.link.clicked": "page",
    "crm.form.submitted": "form",
    "crm.call.ended": "call",
    "crm.meeting.held": "meeting",
    "crm.chat.messaged": "chat",
    **{f"crm.social.{verb}": "social" for verb in SOCIAL},
}


URL: Final = re.compile(r"^(([^:/?#]+):)?(//([^/?#]*))?([^?#]*)(\?([^#]*))?(#(.*))?", re.DOTALL)  # RFC 3986, B


MAIL: Final = re.compile(r"[^@%\s]+(@|%40)[^@%\s]+\.[^@%\s]+")


def page_of(row: Row) -> str:
    """The path of a page view."""
    found = URL.match(str(row.data.get("path") or row.data["url"]))
    parts = ((found and found.group(5)) or "/").split("/")
    return "/".join("{email}" if MAIL.fullmatch(part) else part for part in parts)[:200]


class Visit(NamedTuple):
    """One page view: the person, the key of its leads, and the session."""

    person: str
    leads_of: str
    session: tuple[str, ...]


class Web:
    """Visitors, sessions and sign-ups of a tenant."""

    def __init__(
        self, rows: Iterable[Row], people: People, dims: dict[str, Dims], unknown: Dims, zone: ZoneInfo
    ) -> None:
        self.dims, self.unknown, self.zone = dims, unknown, zone
        views: list[Fact] = []
        signed_up: dict[str, Fact] = {}
        for row in rows:
            if row.type == "crm.page.viewed" and (nodes(row.data) or row.data.get("contact_id")):
                views.append(self.view(row, people))
            elif row.type == "crm.user.signed_up":
                fact = Fact(row.time, self.dims_of(people.subject_of_person(row)))
                person = people.person(row)
                signed_up[person] = min(signed_up.get(person, fact), fact, key=lambda fact: fact.at)
        self.views = dated(views)
        self.signups = dated(signed_up.values())

    def dims_of(self, subject: str) -> Dims:
        """The segments of a subject."""
        return self.dims.get(subject, self.unknown)

    def view(self, row: Row, people: People) -> Fact:
        """A human page view."""
        person, subject, session = people.person(row), people.subject_of_person(row), row.data.get("session_id")
        key = ("session", str(session)) if session else ("day", str(local_date(row.time, self.zone)))
        return Fact(row.time, self.dims_of(subject), Visit(person, people.lead_key(row), (person, *key)))

    def visitors(self, window: Window) -> list[Fact]:
        """Each person once, at their first view in the window."""
        first: dict[str, Fact] = {}
        for fact in self.views(window):
            first.setdefault(fact.what.person, fact)
        return list(first.values())

    def sessions(self, window: Window) -> list[Fact]:
        """Each session once."""
        first: dict[tuple[str, ...], Fact] = {}
        for fact in self.views(window):
            first.setdefault(fact.what.session, fact)
        return list(first.values())


@dataclass
class Lead:
    """A lead; merged leads are one."""

    events: list[Row] = field(default_factory=list)
    deals: list[int] = field(default_factory=list)  # creation times of deals that name it
    deal_ids: list[str] = field(default_factory=list)  # ids of those deals

    @property
    def created(self) -> int:
        """When it was created, else the time of its first event."""
        created = [row.time for row in self.events if row.type == "crm.lead.created"]
        return min(created or [row.time for row in self.events])

    @property
    def opportunity(self) -> int | None:
        """When it first got a deal, unless that was undone."""
        undone = [row for row in self.events if row.type == "crm.lead.unconverted"]
        converted = [
            row.time
            for row in self.events
            if row.type == "crm.lead.converted"
            and row.data.get("deal_id")
            and not any(takes_back(other, row) for other in undone)
        ]
        return min([*converted, *self.deals], default=None)


def takes_back(undo: Row, row: Row) -> bool:
    """Whether an unconversion undoes a conversion."""
    same = undo.data.get("deal_id") in (None, "", row.data["deal_id"])
    return same and (undo.time, undo.id) > (row.time, row.id)


class Leads:
    """The leads of a tenant."""

    def __init__(self, rows: Iterable[Row], people: People, dims: dict[str, Dims], unknown: Dims) -> None:
        found: dict[Node, Lead] = {}
        for row in rows:
            if lead_id := row.data.get("lead_id"):
                if row.type.startswith("crm.lead."):
                    found.setdefault(people.lead(str(lead_id)), Lead()).events.append(row)
                elif row.type == "crm.deal.created" and not undated(row):
                    lead = found.setdefault(people.lead(str(lead_id)), Lead())
                    lead.deals.append(row.time)
                    lead.deal_ids.append(str(row.data["deal_id"]))
        self.all, self.unknown = found, unknown
        self.latest_of: dict[str, int] = {}  # by subject and, in accounts, by person
        created: list[Fact] = []
        opportunities: list[Fact] = []
        for node, lead in found.items():
            if lead.events:
                subject = str(people.groups.name(node))
                fact = Fact(lead.created, dims.get(subject, unknown), lead.opportunity)
                created.append(fact)
                for key in people.lead_keys(node):
                    self.latest_of[key] = max(self.latest_of.get(key, fact.at), fact.at)
                if fact.what is not None:
                    opportunities.append(Fact(fact.what, fact.dims))
        self.created = dated(created)
        self.opportunities = dated(opportunities)


class Contact(NamedTuple):
    """An interaction: the person, and whether it counts or only shows that the person was active."""

    counts: bool
    person: str | None


def takes_part(row: Row) -> bool:
    """Whether an event of a channel's types is an interaction."""
    data: dict[str, Any] = row.data
    if row.type == "crm.call.ended":
        return bool(data.get("outcome") == "connected")
    if row.type == "crm.chat.messaged":
        return bool(data.get("direction") == "inbound")
    return row.type != "crm.email.clicked" or is_click(row)


def interactions(rows: Sequence[Row], people: People, acts: Callable[[Row], bool]) -> Source:
    """Interactions in the given rows: only the first open of a message, and none after a click.

    An open counts for its message; that the person was active counts for the person, as for other interactions.
    """
    taken = sorted((row for row in rows if row.type in CHANNELS and takes_part(row)), key=moment)
    clicked: dict[tuple[str, str], int] = {}
    for row in taken:
        if row.type == "crm.email.clicked" and of_object(row, "message"):
            clicked.setdefault(message_key(row), row.time)
    opened: set[tuple[str, str]] = set()
    facts: list[Fact] = []
    for row in taken:
        counts, person = acts(row), people.person(row) if acts(row) else None
        if row.type == "crm.email.opened":
            if not of_object(row, "message"):
                facts += [Fact(row.time, {"channel": "email"}, Contact(counts=False, person=person))] if person else []
                continue
            key = message_key(row)
            counts = key not in opened and clicked.get(key, row.time) >= row.time
            opened.add(key)
        facts.append(Fact(row.time, {"channel": CHANNELS[row.type]}, Contact(counts, person)))
    return dated(facts)


def is_human(row: Row) -> bool:
    """Not from a robot."""
    return not row.flags & BOT
