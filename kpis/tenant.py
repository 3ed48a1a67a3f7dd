"""One tenant's facts, and what every kind of event does to them."""

from collections.abc import Callable
from datetime import date
from functools import lru_cache
from typing import Any, Final

from kpis.answers import Answer, answer_marks
from kpis.cells import Cells, Rows, Segments
from kpis.customers import CustomerFacts, SubscriptionEvent, customer_marks, subscription_event
from kpis.deals import DealEvent, deal_event, deal_marks, deal_segments, read_deal
from kpis.identity import Link, Pair, named_ids
from kpis.leads import LeadEvent, lead_marks, read_lead
from kpis.ledger import Contribution, Ledger
from kpis.marks import Mark
from kpis.measures import code
from kpis.messages import message_marks, new_message, note, slots_of
from kpis.money import Rates
from kpis.orders import OrderEvent, order_event, order_marks, read_order
from kpis.people import CONTACT, NODE_SPACES, People, segment_of
from kpis.touches import BY_CODE, CODES, LATE, kind_code
from kpis.zone import date_day, zone
from models.record import BOT as BOT_FLAG
from models.record import UNKNOWN_TYPE, Row
from models.settings import TenantSettings

OBJECTS: Final = (
    ("deal_id", "deal:"),
    ("order_id", "order:"),
    ("subscription_id", "subscription:"),
    ("contract_id", "contract:"),
    ("message_id", "message:"),
    ("ticket_id", "ticket:"),
    ("record_id", "record:"),
)
OWNED: Final = dict((*OBJECTS, ("contact_id", CONTACT)))
DAY_MS: Final = 86_400_000
ENG: Final = {kind.channel: code(f"eng.{kind.channel}") for kind in BY_CODE if kind.channel}
BOTS: Final = {kind.channel: code(f"bots.{kind.channel}") for kind in BY_CODE if kind.channel}
RAW_MAIL: Final = code("raw.email")
PAGE: Final = CODES["page.viewed"]
# Late events of these types count in the documents of touch rows, by their own segments.
TOUCH_ROWS: Final = frozenset(
    {"crm.call.ended"} | {kind.type for kind in BY_CODE if kind.type.startswith("crm.email.")}
)
LATE_VIEWS: Final = "late.s:crm.page.viewed"
LATE_GROUPS: Final = frozenset({"late", "late_views"})
# Measures of customers that are read by segment; pairs of states (churn, retention) have no segments.
SEGMENTED_CUSTOMERS: Final = frozenset({"new_customers", "active", "reactivations"})
CUSTOMER_KINDS: Final = {"created", "reactivated", "churned"}


class Tenant:
    """All facts of one tenant, and its cells. ``dirty`` names the entries that changed since they were last drained."""

    def __init__(self, name: str, settings: TenantSettings) -> None:
        self.name = name
        self.settings = settings
        self.zone = zone(settings.tz)
        self.ledger = Ledger()
        self.sets = Segments()
        self.cells = Cells(self.zone)
        self.rates = Rates()
        self.people = People(self.ledger, self.sets, settings.dimensions, self.zone.day)
        self.people.latest_lead_of = self._latest_lead
        self.deals: dict[str, list[DealEvent]] = {}
        self.orders: dict[str, list[OrderEvent]] = {}
        self.subscriptions: dict[str, list[SubscriptionEvent]] = {}
        self.leads: dict[str, list[LeadEvent]] = {}  # by the id they came with
        self.messages: dict[str, Any] = {}
        self.customers: dict[str, list[list[Any]]] = {}  # id -> [t, source, id, kind]
        self.purchases: dict[str, int] = {}  # deals won and orders kept -> when, ms
        self.answers: dict[str, list[Answer]] = {}
        self.signups: dict[str, int] = {}  # id -> earliest, ms
        self.late: dict[str, list[list[Any]]] = {}  # id -> [t, type]
        self.dirty: set[tuple[str, Any]] = set()
        self._late_after = settings.late_threshold_s * 1000
        self._unsettled: set[str] = set()
        self._traits_read = ("country", *settings.dimensions)
        self._own_codes: dict[Any, int] = {}
        self.ledger.kinds = {
            "deal": self._deal,
            "order": self._order,
            "lead": self._lead,
            "message": self._message,
            "customer": self._customer,
            "person": self._person,
            "late": self._late,
            "late_views": self._late_views,
        }

    # --- an event

    def take(self, row: Row) -> None:
        """Put an accepted, new event among the facts."""
        data, time, bot = row.data, row.time, bool(row.flags & BOT_FLAG)
        ids = named_ids(data)
        own = ids[0] if ids else self._own_object(row)
        contact = data.get("contact_id")
        raw = own if contact is None else CONTACT + str(contact)  # who its touches and answers are of
        stamp = (time, row.source, row.id)
        if len(ids) > 1 and not row.type.startswith("crm.identity."):
            self._carry(ids, stamp)
        if ids:
            for field in OWNED.keys() & data:
                if data[field] is not None:
                    self._own(OWNED[field] + str(data[field]), own, stamp)
        late = row.received - time > self._late_after
        unknown = row.flags & UNKNOWN_TYPE
        if late and (unknown or kind_code(row.type, data) is None):
            self._note_late(own, time, event_label(row))
        if bot:
            self.ledger.add(0, code(f"bot:{event_label(row)}"), time // 60_000)
        elif not unknown and (traits := data.get("traits")):
            self._traits(own, traits, stamp)
        if not unknown:
            kind, handler, hears_bots = handler_of(row.type)
            if handler is not None and (hears_bots or not bot):
                handler(self, kind, row, raw, late, bot)

    def _note_late(self, raw: str, time: int, label: str) -> None:
        """Keep a late event that is no touch, in a group a day."""
        key = f"{raw}\0{time // DAY_MS}"
        self.ledger.open("late", key)
        self._file("late", key, self.late, [time, label])
        owner = self.people.owners.get(raw)
        self.people.own("late", key, owner[3] if owner else raw, None)

    def _own_object(self, row: Row) -> str:
        """The object that says whose an event without ids is."""
        for field, prefix in (*OBJECTS, ("contact_id", CONTACT)):
            if row.data.get(field) is not None:
                return prefix + str(row.data[field])
        return f"event:{row.identity}"

    def _carry(self, ids: list[str], stamp: tuple[int, str, str]) -> None:
        identity = self.people.identity
        for other in ids[1:]:
            pair = identity.pair(ids[0], other)
            if identity.carries(pair, stamp):
                self.relink({pair: lambda link: link.carry(stamp)})

    def relink(self, changes: dict[Pair, Callable[[Link], Any]]) -> None:
        """Change links, and make the subjects they reach again."""
        identity = self.people.identity
        nodes = identity.reach(*(node for pair in changes for node in pair))

        def change() -> None:
            for pair, said in changes.items():
                said(identity.link(pair))
                self.dirty.add(("link", pair))
            identity.rebuild(nodes)

        self.people.regroup(nodes, change)

    def _own(self, thing: str, owner: str, stamp: tuple[int, str, str]) -> None:
        held = self.people.owners.get(thing)
        if held is not None and tuple(held[:3]) >= stamp:
            return
        self.dirty.add(("owner", thing))
        said = [*stamp, owner]
        if held is not None and held[3] == owner:
            held[:] = said
            return
        kind, key = thing.split(":", 1)
        previous = held[3] if held else thing
        if kind == "order":
            self.ledger.open("order", key)
        if kind in ("deal", "order", "subscription"):
            if thing in self.purchases or key in self.subscriptions:
                self.ledger.open("customer", self.people.subject(thing))
                self.ledger.open("customer", self.people.subject(owner))
            self.people.own(kind, key, owner, previous)
        groups = self.people.owned.get(previous, ())
        for group in [one for one in groups if one[0] in LATE_GROUPS and one[1].partition("\0")[0] == thing]:
            self.ledger.open(*group)
            self.people.own(*group, owner, previous)
        if thing.startswith(CONTACT):
            self.ledger.open("person", thing)
        self.people.move_object(thing, said)

    def _traits(self, raw: str, traits: dict[str, Any], stamp: tuple[int, str, str]) -> None:
        if not raw.startswith(NODE_SPACES):
            self.people.hold(raw)
        for dimension in self._traits_read:
            self._say(raw, dimension, traits.get(dimension), stamp)

    def _say(self, raw: str, dimension: str, value: Any, stamp: tuple[int, str, str]) -> None:
        if value not in (None, "") and self.people.say(raw, dimension, [*stamp, value]):
            self.dirty.add(("attributes", raw))

    def _file(self, name: str, key: str, shelf: dict[str, list[Any]], fact: Any) -> None:
        shelf.setdefault(key, []).append(fact)
        self.dirty.add((name, key))

    def _shelve(self, kind: str, key: str) -> None:
        """Put an object's group of facts under the id that owns it, or under its own."""
        thing = f"{kind}:{key}"
        owner = self.people.owners.get(thing)
        self.people.own(kind, key, owner[3] if owner else thing, None)

    # --- kinds of events

    def _take_deal(self, kind: str, row: Row, raw: str, late: bool, bot: bool) -> None:
        key = str(row.data["deal_id"])
        thing = f"deal:{key}"
        self.ledger.open("deal", key)
        self._unsettled.add(thing)
        self._shelve("deal", key)
        event = deal_event(row.time, kind, row.source, row.id, row.data)
        if late:
            event.append(True)
        self._file("deal", key, self.deals, event)
        lead = row.data.get("lead_id")
        if kind == "created" and lead is not None and row.data.get("time_known") is not False:
            self._lead_event(f"lead:{lead}", [row.time, "deal", row.source, row.id, key])

    def _take_order(self, kind: str, row: Row, raw: str, late: bool, bot: bool) -> None:
        key = str(row.data["order_id"])
        self.ledger.open("order", key)
        self._unsettled.add(f"order:{key}")
        self._shelve("order", key)
        self._file("order", key, self.orders, order_event(row.time, kind, row.source, row.id, row.data))

    def _take_subscription(self, kind: str, row: Row, raw: str, late: bool, bot: bool) -> None:
        key = str(row.data["subscription_id"])
        self.ledger.open("customer", self.people.subject(f"subscription:{key}"))
        self._shelve("subscription", key)
        event = subscription_event(row.time, kind, row.source, row.id, row.data)
        self._file("subscription", key, self.subscriptions, event)

    def _take_lead(self, kind: str, row: Row, raw: str, late: bool, bot: bool) -> None:
        lead = f"lead:{row.data['lead_id']}"
        self._lead_event(lead, [row.time, kind, row.source, row.id, row.data.get("deal_id")])
        self._source_and_owner(row)

    def _lead_event(self, lead: str, event: LeadEvent) -> None:
        for one in self._merged_leads(lead):
            self.ledger.open("lead", one)
        self.people.own("lead", lead, lead, None)
        self._file("lead", lead, self.leads, event)
        root = self.people.subject(lead)
        newest = self._latest_lead(root)
        if newest != self.people.latest_lead.get(root):
            for person in (root, *self.people.contacts(root)):
                self.people.remake(person)

    def _take_customer(self, kind: str, row: Row, raw: str, late: bool, bot: bool) -> None:
        customer = f"customer:{row.data['customer_id']}"
        if kind in CUSTOMER_KINDS:
            self.ledger.open("customer", self.people.subject(customer))
            self._file("customer", customer, self.customers, [row.time, row.source, row.id, kind])
        self._source_and_owner(row)

    def _source_and_owner(self, row: Row) -> None:
        first = named_ids(row.data)[0]
        stamp = (row.time, row.source, row.id)
        self._say(first, "source", row.data.get("source"), stamp)
        self._say(first, "owner", row.data.get("owner_id"), stamp)

    def _take_identity(self, kind: str, row: Row, raw: str, late: bool, bot: bool) -> None:
        changes = identity_words(kind, row)
        if changes:
            self.relink(changes)

    def _take_survey(self, kind: str, row: Row, raw: str, late: bool, bot: bool) -> None:
        data = row.data
        if kind != "answered" or data["survey_type"] != "nps" or not is_plain_nps(data):
            return
        self.people.hold(raw)
        self.ledger.open("person", self.people.person(raw))
        self._file("answers", raw, self.answers, [row.time, row.source, row.id, data["survey_id"], data["score"]])

    def _take_user(self, kind: str, row: Row, raw: str, late: bool, bot: bool) -> None:
        if kind != "signed_up" or row.time >= self.signups.get(raw, row.time + 1):
            return
        self.people.hold(raw)
        self.ledger.open("person", self.people.person(raw))
        self.signups[raw] = row.time
        self.dirty.add(("signup", raw))

    def _take_fx(self, kind: str, row: Row, raw: str, late: bool, bot: bool) -> None:
        data = row.data
        word = (row.time, row.source, row.id, str(data["rate"]))
        day = rate_day(data.get("date"), self.zone.day(row.time // 60_000))
        if self.rates.set(data["base"], data["quote"], day, word):
            self.dirty.add(("rate", (data["base"], data["quote"], day)))

    def _take_email(self, kind: str, row: Row, raw: str, late: bool, bot: bool) -> None:
        data = row.data
        slots = slots_of(kind, bot, data)
        if slots:
            key = f"{data['message_id']}\0{data.get('recipient_hash') or ''}"
            message = self.messages.get(key)
            if message is None:
                message = self.messages[key] = new_message()
                self.ledger.open_empty("message", key)
            else:
                self.ledger.open("message", key)
            own = self._own_segments(data)
            for slot in slots:
                if note(message, slot, row.time, own, self.sets.sets):
                    self.dirty.add(("message", key))
        if kind in ("opened", "clicked") or late:
            code_ = CODES["email.opted_out"] if kind == "clicked" and not slots else CODES[f"email.{kind}"]
            self._touch(code_, row, raw, late, bot)

    def _take_touch(self, kind: str, row: Row, raw: str, late: bool, bot: bool) -> None:
        found = kind_code(row.type, row.data)
        if found is not None:
            self._touch(found, row, raw, late, bot)

    def _touch(self, kind: int, row: Row, raw: str, late: bool, bot: bool) -> None:
        spec = BY_CODE[kind]
        minute = row.time // 60_000
        note_: Any = None
        if kind == PAGE:
            note_ = row.data.get("session_id")
        elif spec.type in TOUCH_ROWS:
            note_ = self.sets.sets[self._own_segments(row.data)][1:] or None
        flags = bot | LATE * late
        if late and kind == PAGE:
            self._note_late_view(raw, minute)
        identified = raw.startswith((*NODE_SPACES, CONTACT))
        chunk = self.people.touch(raw, row.time, kind, flags, note_, identified)
        self.dirty.add(("touch", (raw, chunk)))
        self.touch_marks(kind, flags, minute, note_)

    def _note_late_view(self, raw: str, minute: int) -> None:
        owner = self.people.owners.get(raw)
        self.people.own("late_views", raw, owner[3] if owner else raw, None)
        if not self.ledger.is_open("late_views", raw):
            self.ledger.add(self.people.segments(self.people.subject(raw)), code(LATE_VIEWS), minute)

    def touch_marks(self, kind: int, flags: int, minute: int, own: Any) -> None:
        """What one touch adds to the numbers, beside the presence of its person."""
        spec = BY_CODE[kind]
        bot = flags & 1
        if flags & LATE:
            self.ledger.add(0, code(f"late:{spec.type}"), minute)
        if spec.channel and spec.counts:
            self.ledger.add(0, (BOTS if bot else ENG)[spec.channel], minute)
            if spec.channel == "email" and not bot:
                self.ledger.add(0, RAW_MAIL, minute)
        if spec.type in TOUCH_ROWS:
            segments = self.sets.code(tuple(own or ()))
            if not bot:
                for measure in spec.measures:
                    self.ledger.add(segments, code(measure), minute)
            if flags & LATE:
                self.ledger.add(segments, code(f"late.t:{spec.type}"), minute)

    def _own_segments(self, data: dict[str, Any]) -> int:
        """Segments of a touch: the event's own campaign, country and traits."""
        campaign, traits = data.get("campaign") or {}, data.get("traits") or {}
        key = (campaign.get("source"), campaign.get("name"), *[traits.get(name) for name in self._traits_read])
        found = self._own_codes.get(key)
        if found is None:
            found = self._own_codes[key] = self._make_own_segments(campaign, traits)
        return found

    def _make_own_segments(self, campaign: dict[str, Any], traits: dict[str, Any]) -> int:
        pairs = [("source", campaign.get("source")), ("campaign", campaign.get("name"))]
        pairs += [(dimension, traits.get(dimension)) for dimension in self._traits_read]
        return self.sets.code(tuple(segment_of(*pair) for pair in pairs))

    # --- what groups of facts contribute

    def _deal(self, key: str) -> Contribution:
        events = self.deals.get(key)
        if not events:
            return
        deal = read_deal(events, self.settings)
        segments = self.sets.code(tuple(segment_of(*pair) for pair in deal_segments(deal, self.settings)))
        for mark in deal_marks(deal, events, self.settings, self.zone):
            yield segments, mark
        for event in events:
            if len(event) > 5:
                yield segments, Mark(f"late.d:crm.deal.{event[1]}", event[0], 1)

    def _order(self, key: str) -> Contribution:
        order = read_order(self.orders.get(key, []), self.settings)
        if order is not None:
            segments = self.people.segments(self.people.subject(f"order:{key}"))
            for mark in order_marks(order, self.zone):
                yield segments, mark

    def _lead_group(self, lead: str) -> str:
        """Merged leads are one: the first by name of those that have events."""
        return min((one for one in self._merged_leads(lead) if one in self.leads), default=lead)

    def _merged_leads(self, lead: str) -> set[str]:
        identity = self.people.identity
        return (
            {lead} if identity.root(lead) == lead and len(identity.members(lead)) == 1 else identity.merged_with(lead)
        )

    def _lead(self, key: str) -> Contribution:
        if self._lead_group(key) != key:
            return
        lead = read_lead([event for one in self._merged_leads(key) for event in self.leads.get(one, ())])
        if lead is not None:
            segments = self.people.segments(self.people.subject(key))
            for mark in lead_marks(lead):
                yield segments, mark

    def _latest_lead(self, root: str) -> int | None:
        groups = {self._lead_group(key) for key in self.people.owned_by(root, "lead")}
        found = [
            read_lead([e for one in self._merged_leads(group) for e in self.leads.get(one, ())]) for group in groups
        ]
        return max((lead.created for lead in found if lead), default=None)

    def _message(self, key: str) -> Contribution:
        return message_marks(self.messages[key]) if key in self.messages else ()

    def customer_facts(self, root: str) -> CustomerFacts:
        """All that decides a customer."""
        facts, people = CustomerFacts(), self.people
        for member in people.identity.members(root):
            for time, _, _, kind in self.customers.get(member, ()):
                getattr(facts, kind).append(time)
        bought = self.purchases
        facts.orders = [bought[thing] for key in people.owned_by(root, "order") if (thing := f"order:{key}") in bought]
        facts.deals = [bought[thing] for key in people.owned_by(root, "deal") if (thing := f"deal:{key}") in bought]
        facts.subscriptions = [self.subscriptions.get(key, []) for key in people.owned_by(root, "subscription")]
        facts.subscriptions = [events for events in facts.subscriptions if events]
        return facts

    def _purchase(self, thing: str) -> int | None:
        """When a deal was won or an order completed that stands, ms."""
        kind, key = thing.split(":", 1)
        if kind == "order":
            order = read_order(self.orders.get(key, []), self.settings)
            return order.time if order is not None and order.kept else None
        deal = read_deal(self.deals.get(key, []), self.settings)
        return deal.closed if deal.state == "won" else None

    def _settle_purchases(self) -> None:
        """Deals and orders of the batch that became or ceased to be purchases change their customer."""
        for thing in self._unsettled:
            when = self._purchase(thing)
            if when != self.purchases.get(thing):
                self.ledger.open("customer", self.people.subject(thing))
                if when is None:
                    del self.purchases[thing]
                else:
                    self.purchases[thing] = when
        self._unsettled.clear()

    def _customer(self, root: str) -> Contribution:
        if self.people.subject(root) != root:
            return
        segments = self.people.segments(root)
        for mark in customer_marks(self.customer_facts(root), self.settings, self.zone):
            yield (segments if mark.measure in SEGMENTED_CUSTOMERS else 0), mark

    def _person(self, person: str) -> Contribution:
        people = self.people
        if people.person(person) != person:
            return
        raws = people.own_raws(person)
        segments = people.segments(person)
        signed_up = [self.signups[raw] for raw in raws if raw in self.signups]
        if signed_up:
            yield segments, Mark("signups", min(signed_up), 1)
        answers = [answer for raw in raws for answer in self.answers.get(raw, ())]
        for mark in answer_marks(answers, self.settings, self.zone):
            yield segments, mark

    def _late(self, key: str) -> Contribution:
        segments = self.people.segments(self.people.subject(key.rpartition("\0")[0]))
        for time, label in self.late.get(key, ()):
            yield 0, Mark(f"late:{label}", time, 1)
            yield segments, Mark(f"late.s:{label}", time, 1)

    def _late_views(self, raw: str) -> Contribution:
        """Late page views fall in the subject's segments; those of other touches in the touch's own."""
        segments = self.people.segments(self.people.subject(raw))
        for time, kind, flags, _ in self.people.touches.get(raw, ()):
            if kind == PAGE and flags & LATE:
                yield segments, Mark(LATE_VIEWS, time, 1)

    # --- a batch

    def finish(self) -> None:
        """End a batch: everything open goes back in, and the changes go to the cells."""
        self._settle_purchases()
        self.ledger.close()
        self.people.close()
        self.people.flush(self.zone)
        self.cells.apply(self.ledger.take(), self.sets)

    def restore(self) -> None:
        """Make everything that is derived from restored facts."""
        people = self.people
        people.identity.rebuild_all()
        for kind, shelf in (("deal", self.deals), ("order", self.orders), ("subscription", self.subscriptions)):
            for key in shelf:
                self._shelve(kind, key)
                if kind != "subscription" and (when := self._purchase(f"{kind}:{key}")) is not None:
                    self.purchases[f"{kind}:{key}"] = when
        for lead in self.leads:
            people.own("lead", lead, lead, None)
        for key in self.late:
            raw = key.rpartition("\0")[0]
            said = people.owners.get(raw)
            people.own("late", key, said[3] if said else raw, None)
        people.restore([*self.answers, *self.signups, *people.attributes])
        for raw, touches in people.touches.items():
            if any(kind == PAGE and flags & LATE for _, kind, flags, _ in touches):
                said = people.owners.get(raw)
                people.own("late_views", raw, said[3] if said else raw, None)

    def contribution(self) -> Rows:
        """What all facts contribute, as a batch's rows: for a check of the cells."""
        ledger, people = self.ledger, self.people
        assert not ledger.rows, "a batch is running"
        shelves = {
            "deal": self.deals,
            "order": self.orders,
            "lead": self.leads,
            "message": self.messages,
            "late": self.late,
        }
        for kind, shelf in shelves.items():
            for key in shelf:
                ledger.open_empty(kind, key)
        for raw in people.touches:
            ledger.open_empty("late_views", raw)
        for person in people.everyone((*self.customers, *self.answers, *self.signups)):
            ledger.open_empty("customer", people.subject(person))
            ledger.open_empty("person", person)
        ledger.close()
        for touches in people.touches.values():
            for time, touched, flags, own in touches:
                self.touch_marks(touched, flags, time // 60_000, own)
        people.recount()
        people.flush(self.zone)
        return ledger.take()


def event_label(row: Row) -> str:
    """What late and robots' events are counted by: the type, and for answers the kind of survey."""
    if row.type == "crm.survey.answered":
        return f"{row.type}:{row.data.get('survey_type')}"
    return row.type


def is_plain_nps(data: dict[str, Any]) -> bool:
    """Whether an NPS answer is on the scale 0–10."""
    return data.get("scale_min") in (None, 0) and data.get("scale_max") in (None, 10)


def rate_day(date_text: Any, default: int) -> int:
    """Local day number of a rate's date; its own local day when it names none."""
    return date_day(date.fromisoformat(date_text)) if date_text else default


def identity_words(kind: str, row: Row) -> dict[Pair, Callable[[Link], Any]]:
    """Which pairs an identity event speaks of, and what to tell each link."""
    data, stamp = row.data, (row.time, row.id, row.source)
    pairs = _merge_pairs(data)
    if not pairs:
        ids = named_ids(data)
        pairs = {(min(ids[0], other), max(ids[0], other)) for other in ids[1:]}
    on, merges = kind != "unmerged", kind in ("merged", "unmerged")
    if kind not in ("identified", "merged", "unmerged"):
        return {}
    carried = (row.time, row.source, row.id) if kind == "identified" else None

    def say(link: Link) -> None:
        link.say(stamp, on, merges)
        if carried:
            link.carry(carried)

    return dict.fromkeys(pairs, say)


def _merge_pairs(data: dict[str, Any]) -> set[tuple[str, str]]:
    winner, losers = data.get("winner_id"), data.get("loser_ids") or ()
    if winner is None:
        return set()
    names = [_named(one, data.get("entity", "customer")) for one in (winner, *losers)]
    return {(min(names[0], n), max(names[0], n)) for n in names[1:] if n and names[0] and n != names[0]}


def _named(name: Any, entity: str) -> str:
    """A name with its space; empty when the space is none of ours."""
    text = str(name)
    if text.startswith(NODE_SPACES):
        return text
    return f"{entity}:{text}" if f"{entity}:" in NODE_SPACES else ""


@lru_cache(maxsize=1024)
def handler_of(type_: str) -> tuple[str, Callable[..., None] | None, bool]:
    """What an event type does: its kind, who takes it, and whether robots' events are taken too."""
    _, entity, kind = type_.split(".", 2)
    return kind, HANDLERS.get(entity), entity in BOT_ENTITIES


HANDLERS: Final = {
    "deal": Tenant._take_deal,
    "order": Tenant._take_order,
    "subscription": Tenant._take_subscription,
    "lead": Tenant._take_lead,
    "customer": Tenant._take_customer,
    "identity": Tenant._take_identity,
    "survey": Tenant._take_survey,
    "user": Tenant._take_user,
    "fx": Tenant._take_fx,
    "email": Tenant._take_email,
    **dict.fromkeys(("page", "link", "form", "call", "meeting", "chat", "social"), Tenant._take_touch),
}
BOT_ENTITIES: Final = frozenset({"email", "page", "link", "form", "call", "meeting", "chat", "social"})
