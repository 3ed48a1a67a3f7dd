"""One tenant's facts, and what every kind of event does to them."""

from collections import deque
from collections.abc import Callable
from functools import partial
from sys import intern
from typing import Any, Final

from kpis import groups, reach
from kpis.acquisition import Horizon, note_event, stir
from kpis.answers import Answer
from kpis.cells import Cells, Rows, Segments
from kpis.clicks import Clicks
from kpis.contacts import NUMBERS, Contacts
from kpis.contracts import RenewalEvent
from kpis.conversions import Conversions
from kpis.costs import CostEvent
from kpis.customers import SubscriptionEvent
from kpis.deals import DealEvent
from kpis.forms import Forms
from kpis.identity import CUSTOMER, Link, Pair, hash_nodes, named_ids, person_rank
from kpis.landings import Landings
from kpis.lead_groups import latest_steps
from kpis.leads import LeadEvent
from kpis.ledger import Ledger
from kpis.marks import DAY_MS
from kpis.measures import code
from kpis.money import Rates
from kpis.orders import OrderEvent
from kpis.pages import page_only
from kpis.people import CONTACT, NODE_SPACES, PERSON_GROUPS, SUBJECT_GROUPS, People, segment_of, within
from kpis.person_sets import IDENTIFIED, PAGED
from kpis.purchases import Purchase, order_minutes, purchase
from kpis.rated import note_rated
from kpis.records import RecordEvent
from kpis.scored import Scored
from kpis.scores import ScoreFact, late_segments
from kpis.spenders import Spenders
from kpis.stays import StayAges
from kpis.takers import taker_of
from kpis.tickets import TicketEvent
from kpis.touches import BOT, LATE, LOGINS, SENTIMENT, TOUCH_CODES, Touches, is_judged, kind_code
from kpis.zone import zone
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
USER: Final = "user:"
OUTRIGHT: Final = frozenset({"crm.identity.merged", "crm.identity.unmerged"})
LATE_PAGE: Final = code("late.p:crm.page.viewed")
# Groups whose key begins with the id or object they are of: they follow it to its owner.
FOLLOWING: Final = frozenset({"late", "late_views", "record", "ticket"})


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
        self.people = People(
            self.ledger, self.sets, settings.dimensions, self.zone.day,
            account=settings.customer_is == "account", match_on=settings.match_on,
        )  # fmt: skip
        self.people.sets.bought_of = partial(order_minutes, self)
        self.people.sets.steps_of = partial(latest_steps, self)
        self.deals: dict[str, list[DealEvent]] = {}
        self.orders: dict[str, list[OrderEvent]] = {}
        self.subscriptions: dict[str, list[SubscriptionEvent]] = {}
        self.contracts: dict[str, list[RenewalEvent]] = {}
        self.rated: dict[tuple[str, int], set[str]] = {}  # rates -> subscriptions and contracts that they may move
        self.leads: dict[str, list[LeadEvent]] = {}  # by the id they came with
        self.leads_of_deal: dict[str, set[str]] = {}  # what leads say they became
        self.messages: dict[str, Any] = {}
        self.customers: dict[str, list[list[Any]]] = {}  # id -> [t, source, id, kind, source it says]
        self.contacts = Contacts()
        self.ages = StayAges(partial(groups.deal_stays, self))
        self.purchases: dict[str, Purchase] = {}  # deals won and orders kept
        self.answers: dict[str, list[Answer]] = {}
        self.scores: dict[str, list[ScoreFact]] = {}
        self.signins: dict[str, int] = {}  # id -> earliest, ms
        self.signups: dict[str, int] = {}  # id -> earliest, ms
        self.records: dict[str, list[RecordEvent]] = {}
        self.tickets: dict[str, list[TicketEvent]] = {}
        self.late: dict[str, list[list[Any]]] = {}  # id -> [t, type, segments beside the subject's own]
        self.erased: dict[str, list[Any]] = {}  # salted hash of an id -> its erasures; see kpis.erasure
        self.costs: dict[str, list[CostEvent]] = {}
        self.spenders = Spenders(self)
        self.marketing: dict[str, Touches] = {}  # id -> marketing touches
        self.stored_marketing: dict[str, dict[int, list[Any]]] = {}  # id -> chunks, while entries are put back
        self.horizons: dict[str, Horizon] = {}  # root -> what may change its acquisition; those that have none are out
        self.conversions = Conversions(self)
        self.clicks = Clicks(self)
        self.forms = Forms(self)
        self.landings = Landings(self)
        self.people.sets.follow(self.landings, settings.landing_pages)
        self.dirty: set[tuple[str, Any]] = set()
        self._match_on = settings.match_on
        self._late_after = settings.late_threshold_s * 1000
        self.unsettled: set[str] = set()
        self._traits_read = ("country", *settings.dimensions)
        self._own_codes: dict[Any, int] = {}
        self._fitted: dict[tuple[str, ...], tuple[str, ...]] = {}
        self.scored = Scored(self)
        self.ledger.kinds = {kind: partial(of, self) for kind, of in groups.GROUPS.items()}

    # --- an event

    def take(self, row: Row) -> None:
        """Put an accepted, new event among the facts."""
        data, time, bot = row.data, row.time, bool(row.flags & BOT_FLAG)
        ids = named_ids(data)
        own = ids[0] if ids else self._own_object(row)
        contact = data.get("contact_id")
        raw = self._person_id(own, ids) if contact is None else CONTACT + str(contact)  # whose touches and answers
        stamp = (time, row.source, row.id)
        if len(ids) > 1 and not row.type.startswith("crm.identity."):
            self._carry(ids, stamp)
        if self._match_on and ids and row.type not in OUTRIGHT:
            self._carry([ids[0], *hash_nodes(data, self._match_on)], stamp)
        if self.people.account and len(ids) > 2 and ids[0].startswith(CUSTOMER) and row.type not in OUTRIGHT:
            self._carry_beside(ids[1:])
        if ids:
            for field in OWNED.keys() & data:
                if data[field] is not None:
                    self._own(OWNED[field] + str(data[field]), own, stamp)
        late = row.received - time > self._late_after
        unknown = row.flags & UNKNOWN_TYPE
        if late and (unknown or kind_code(row.type, data) is None):
            self._note_late(own, row)
        if bot:
            self.ledger.add(0, code(f"bot:{event_label(row)}"), time // 60_000)
        elif not unknown and (traits := data.get("traits")):
            self._traits(own, traits, stamp)
        if not unknown:
            if not bot and row.type in self.conversions.types:
                self.conversions.take(row, raw)
            kind, taker, hears_bots = taker_of(row.type)
            if not bot:
                note_event(self, row, raw, late)
            if taker is not None and (hears_bots or not bot):
                taker(self, kind, row, raw, late, bot)
            if row.type in NUMBERS:
                reach.take_contact(self, row, own, late, bot)

    def _person_id(self, own: str, ids: list[str]) -> str:
        """The id of an event's person: its first id; in accounts the user, lead or visitor, within the first id."""
        if not self.people.account:
            return own
        found = min((one for one in ids if not one.startswith(CUSTOMER)), key=person_rank, default=own)
        return own if found == own else within(own, found)

    def _note_late(self, raw: str, row: Row) -> None:
        """Keep a late event that is no touch, in a group a day; a conversion with its own segments."""
        key = f"{raw}\0{row.time // DAY_MS}"
        self.ledger.open("late", key)
        stir(self, self.people.subject(raw))
        converts = row.type in self.conversions.types
        own = (self.sets.sets[self.own_segments(row.data)][1:],) if converts else ()
        self.file("late", key, self.late, [row.time, event_label(row), *late_segments(row), *own])
        self.shelve_with("late", key, raw)

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

    def _carry_beside(self, ids: list[str]) -> None:
        """The ids that an account's event carries beside the account are one person."""
        identity = self.people.identity
        for other in ids[1:]:
            pair = identity.pair(ids[0], other)
            if pair not in identity.links or not identity.links[pair].beside:
                self.relink({pair: lambda link: setattr(link, "beside", True)})

    def relink(self, changes: dict[Pair, Callable[[Link], Any]]) -> None:
        """Change links, and make the subjects they reach again."""
        identity = self.people.identity
        nodes = identity.reach(*(node for pair in changes for node in pair))

        def change() -> None:
            for pair, said in changes.items():
                said(identity.link(pair))
                self.dirty.add(("link", pair))
            identity.rebuild(nodes)

        reach.open_deals_of(self, *(self.leads[node] for node in nodes if node in self.leads))
        self.people.regroup(nodes, change)

    def _own(self, thing: str, owner: str, stamp: tuple[int, str, str]) -> None:
        held = self.people.owners.get(thing)
        if held is not None and tuple(held[:3]) >= stamp:
            return
        self.dirty.add(("owner", thing))
        said = [*stamp, intern(owner)]
        if held is not None and held[3] == owner:
            held[:] = said
            return
        kind, key = thing.split(":", 1)
        previous = held[3] if held else thing
        if kind in ("order", "contract"):
            self.ledger.open(kind, key)
        moving = [
            one for one in self.people.owned.get(previous, ())
            if one[0] in FOLLOWING and one[1].partition("\0")[0] == thing
        ]  # fmt: skip
        if moving or thing in self.purchases or key in self.subscriptions or key in self.deals:
            for one in (thing, owner):
                self._open_holder(kind, key, self.people.subject(one))
        if kind in ("deal", "order", "subscription", "contract"):
            self.people.own(kind, key, owner, previous)
        if kind == "deal":
            self.ledger.open("closing", key)
            self.people.own("closing", key, owner, previous)
        for group in moving:
            self.ledger.open(*group)
            self.people.own(*group, owner, previous)
        if thing.startswith(CONTACT):
            for named in PERSON_GROUPS:
                self.ledger.open(named, thing)
        bought = kind == "order" and thing in self.purchases
        buyers = {self.people.subject(thing), self.people.subject(owner)} if bought else ()
        self.people.move_object(thing, said)
        for buyer in buyers:
            self.people.sets.remake(buyer)
        if thing in self.purchases:
            for one in (previous, owner):
                self.people.sets.step(one)

    def _open_holder(self, kind: str, key: str, root: str) -> None:
        """Open what an object changes of a subject that it leaves or joins."""
        if kind == "subscription" and key in self.subscriptions:
            self.people.open_subject(root)
        elif f"{kind}:{key}" in self.purchases:
            self._open_buyer(root)
        else:
            stir(self, root)

    def _open_buyer(self, root: str) -> None:
        """Open what a subject's purchases change."""
        self.ledger.open("customer", root)
        self.ledger.open("acquisition", root)
        self.scored.doubt(root)

    def _traits(self, raw: str, traits: dict[str, Any], stamp: tuple[int, str, str]) -> None:
        if not raw.startswith(NODE_SPACES):
            self.people.hold(raw)
        for dimension in self._traits_read:
            self.say(raw, dimension, traits.get(dimension), stamp)

    def say(self, raw: str, dimension: str, value: Any, stamp: tuple[int, str, str]) -> None:
        """Note a value of a subject's dimension, when there is one."""
        if value not in (None, "") and self.people.say(raw, dimension, [*stamp, value]):
            self.dirty.add(("attributes", raw))

    def file(self, name: str, key: str, shelf: dict[str, list[Any]], fact: Any) -> None:
        """Put a fact on a shelf."""
        shelf.setdefault(key, []).append(fact)
        self.dirty.add((name, key))

    def shelve(self, kind: str, key: str) -> None:
        """Put an object's group of facts under the id that owns it, or under its own."""
        for group in (kind, "closing") if kind == "deal" else (kind,):
            self.people.own(group, key, self.people.owner(f"{kind}:{key}"), None)

    def with_segment(self, segments: int, segment: str) -> int:
        """Code of a set of segments with one more."""
        return self.sets.code((*self.sets.sets[segments][1:], segment))

    def shelve_with(self, kind: str, key: str, raw: str) -> None:
        """Put a group of facts under the id that owns ``raw``, or under ``raw`` itself."""
        self.people.own(kind, key, self.people.owner(raw), None)

    def see_page(self, row: Row, raw: str, page: int, late: bool, bot: bool) -> None:
        """A page view: what its page and its person's conversions make of it."""
        if late:
            self.late_page(page, row.time // 60_000)
        if not bot and raw.startswith(IDENTIFIED):
            self.landings.view(raw, page)

    def late_page(self, page: int, minute: int) -> None:
        """A late view counts among those of its page."""
        if self.people.sets.followed(page):
            self.ledger.add(self.people.sets.landing_code((PAGED, page_only(page))), LATE_PAGE, minute)

    def touch_marks(self, kind: int, flags: int, minute: int, own: Any) -> None:
        """What one touch adds to the numbers, beside the presence of its person."""
        codes = TOUCH_CODES[kind]
        add = self.ledger.add
        bot, late = flags & BOT, flags & LATE
        if late:
            add(0, codes.late, minute)
        for measure in codes.robots if bot else codes.people:
            add(0, measure, minute)
        if codes.segmented and (late or not bot):
            segments = plain = self.sets.code(tuple(own or ()))
            if codes.modelled:
                plain = self.sets.code(tuple(own[:-1]))  # the model is the last
            if not bot:
                for measure in codes.counts:
                    add(plain, measure, minute)
                for measure in codes.modelled:
                    add(segments, measure, minute)
            if late:
                add(segments, codes.late_segmented, minute)

    def own_segments(self, data: dict[str, Any]) -> int:
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

    def fitted(self, stored: tuple[str, ...]) -> tuple[str, ...]:
        """Stored segments of a touch in the dimensions of now: one that was not read then is unknown."""
        found = self._fitted.get(stored)
        if found is None:
            said = {segment.partition("=")[0]: segment for segment in stored}
            names = ("source", "campaign", *self._traits_read)
            models = [segment for segment in stored if segment.startswith("model=")]
            model = models[-1:] if len(models) > ("model" in names) else []  # of a sentiment: it comes last
            known = (said.get(name) or segment_of(name, None) for name in names)
            found = self._fitted[stored] = (*known, *model)
        return found

    def _settle_purchases(self) -> None:
        """Deals and orders of the batch that became purchases, changed, or ceased to be any change their customer."""
        for thing in self.unsettled:
            before, found = self.purchases.get(thing), purchase(self, thing)
            if found == before:
                continue
            subject = self.people.subject(thing)
            self._open_buyer(subject)
            if found is None:
                del self.purchases[thing]
            else:
                self.purchases[thing] = found
            if thing.startswith("order:"):
                self._settle_buyer(subject, before, found)
            else:
                self.people.sets.step(thing)
        self.unsettled.clear()

    def _settle_buyer(self, subject: str, before: Purchase | None, found: Purchase | None) -> None:
        if before is None and found is not None:
            self.people.sets.buy(subject, found.time // 60_000)
        elif before is None or found is None or found.time != before.time:
            self.people.sets.remake(subject)

    # --- a batch

    def finish(self) -> None:
        """End a batch: everything open goes back in, and the changes go to the cells."""
        self._settle_purchases()
        self.scored.close()
        customers = self.ledger.opened("customer")
        self.ledger.close()
        self.spenders.refresh(customers)
        self.people.sets.close()
        self.people.sets.flush(self.ledger.rows, self.zone)
        self.cells.apply(self.ledger.take(), self.sets)

    def restore(self) -> None:
        """Make everything that is derived from restored facts."""
        people = self.people
        people.identity.rebuild_all()
        for kind, shelf in (("deal", self.deals), ("order", self.orders)):
            for key in shelf:
                self.shelve(kind, key)
                if (found := purchase(self, f"{kind}:{key}")) is not None:
                    self.purchases[f"{kind}:{key}"] = found
        for kind, priced in (("subscription", self.subscriptions), ("contract", self.contracts)):
            for key in priced:
                self.shelve(kind, key)
                note_rated(self, f"{kind}:{key}")
        for lead in self.leads:
            people.own("lead", lead, lead, None)
        for kind, keys in (("late", self.late), ("record", self.records), ("ticket", self.tickets)):
            for key in keys:
                self.shelve_with(kind, key, key.partition("\0")[0])
        self.marketing = {raw: Touches.restored(chunks) for raw, chunks in self.stored_marketing.items()}
        self.stored_marketing = {}
        for part in (self.conversions, self.clicks, self.forms):
            part.restore()
        reach.restore(self)
        people.restore([*self._holders, *people.attributes, *self.contacts.of], [*self.leads, *self.purchases])
        self.landings.restore()
        held = (*self.customers, *self.purchases, *(f"subscription:{key}" for key in self.subscriptions))
        self.spenders.refresh({people.subject(raw) for raw in held})
        for raw, touches in people.touches.items():
            if raw.startswith(USER) and any(kind in LOGINS for _, kind, _, _ in touches):
                self.shelve_with("logins", raw, raw)
            if any(flags & LATE and kind in groups.TOUCHES_OF_SUBJECTS for _, kind, flags, _ in touches):
                self.shelve_with("late_views", raw, raw)
        for root in {people.subject(one) for one in (*self.marketing, *held)}:
            deque(groups.of_way(self, root), maxlen=0)  # its horizon

    @property
    def _holders(self) -> tuple[str, ...]:
        """Ids with facts of their own that move with them, beside touches and traits."""
        shelves = (self.answers, self.scores, self.signups, self.signins, self.marketing)
        return (*(raw for shelf in shelves for raw in shelf), *self.conversions.raws, *self.forms.raws)

    def contribution(self) -> Rows:
        """What all facts contribute, as a batch's rows: for a check of the cells."""
        ledger, people = self.ledger, self.people
        assert not ledger.rows, "a batch is running"
        shelves = {
            "deal": self.deals,
            "order": self.orders,
            "contract": self.contracts,
            "lead": self.leads,
            "message": self.messages,
            "late": self.late,
            "record": self.records,
            "ticket": self.tickets,
            "cost": self.costs,
            "click": self.clicks.facts,
        }
        for kind, shelf in shelves.items():
            for key in shelf:
                ledger.open_empty(kind, key)
        for raw in people.touches:
            ledger.open_empty("late_views", raw)
            if raw.startswith(USER):
                ledger.open_empty("logins", raw)
        reach.open_all(self)
        for person in people.everyone((*self.customers, *self._holders)):
            for kind in SUBJECT_GROUPS:
                ledger.open_empty(kind, people.subject(person))
            for kind in PERSON_GROUPS:
                ledger.open_empty(kind, person)
        ledger.close()
        for touches in people.touches.values():
            for (time, touched, flags, own), page in zip(touches, touches.pages, strict=True):
                self.touch_marks(touched, flags, time // 60_000, own)
                if page >= 0 and flags & LATE:
                    self.late_page(page, time // 60_000)
        for raw in self.contacts.of:
            reach.late_without_deal(self, raw)
        people.sets.recount()
        people.sets.flush(ledger.rows, self.zone)
        return ledger.take()


def event_label(row: Row) -> str:
    """What late and robots' events are counted by: the type, an answer's kind of survey, whether it is judged."""
    if row.type == "crm.survey.answered":
        return f"{row.type}:{row.data.get('survey_type')}"
    return row.type + SENTIMENT if is_judged(row.type, row.data) else row.type
