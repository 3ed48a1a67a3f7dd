"""One tenant's facts, and what every kind of event does to them."""

from collections.abc import Callable
from functools import partial
from typing import Any, Final

from kpis import groups, reach
from kpis.acquisition import LATE_CUSTOMERS, Horizon, note_event, note_late
from kpis.answer_order import Order
from kpis.calendar.zone import zone
from kpis.cells.cells import OTHER, Cells, Segments
from kpis.cells.deltas import DAY_MS
from kpis.cells.ledger import Ledger
from kpis.cells.measures import code
from kpis.chunks import Chunks
from kpis.clicks import Clicks
from kpis.conversions import Conversions
from kpis.deal_history import History
from kpis.deal_parts import DealLogs
from kpis.facts.costs import CostEvent
from kpis.facts.crm_records import RecordEvent
from kpis.facts.deals import DealEvent
from kpis.facts.leads import LeadEvent, LeadLog
from kpis.facts.money import Rates
from kpis.facts.nps import Answer
from kpis.facts.outreach import NUMBERS, Contacts
from kpis.facts.page_paths import page_code, path_of_view
from kpis.facts.renewals import RenewalEvent
from kpis.facts.stages import StayAges
from kpis.facts.survey_scores import ScoreFact, late_segments
from kpis.facts.tickets import TicketEvent
from kpis.facts.touches import BOT, LATE, SENTIMENT, SIGNED_IN, TOUCH_CODES, Touches, is_judged, kind_code
from kpis.forms import Forms
from kpis.identity.ids import CONTACT, NODE_SPACES, WITHIN, segment_of, split_within, value_of
from kpis.identity.links import CUSTOMER, hash_nodes, named_ids
from kpis.identity.pseudonyms import pseudonymous
from kpis.landings import Landings
from kpis.lead_groups import latest_steps
from kpis.mrr import Recurring
from kpis.orders import Chain, OrderEvent
from kpis.owners import OWNED, carry, carry_beside, give_owner, groups_of, own_object, person_id
from kpis.people import People
from kpis.person_sets import IDENTIFIED
from kpis.prices import Prices, SubscriptionEvent
from kpis.purchases import Purchase, order_minutes, settle
from kpis.scored import Scored
from kpis.spenders import Spenders
from kpis.takers import taker_of
from kpis.told import Told
from models.record import BOT as BOT_FLAG
from models.record import UNKNOWN_TYPE, Row
from models.settings import TenantSettings

WORDS: Final = frozenset({"crm.identity.identified", "crm.identity.unmerged"})  # they say themselves what their ids are
OUTRIGHT: Final = frozenset({"crm.identity.merged", "crm.identity.unmerged"})
REMEMBERED: Final = 50_000  # answers kept of what is asked for again and again
NOBODY: Final = frozenset[str]()
LATE_PAGE: Final = code("late.p:crm.page.viewed")


class Tenant:
    """All facts of one tenant, and its cells. ``dirty`` names the entries that changed since they were last drained."""

    def __init__(self, name: str, settings: TenantSettings, generation: int = 0) -> None:
        self.name = name
        self.settings = settings
        self.zone = zone(settings.tz)
        self.ledger = Ledger()
        self.sets = Segments()
        self.cells = Cells(self.zone, generation)
        self.rates = Rates()
        self.people = People(
            self.ledger, self.sets, settings.dimensions, self.zone.day,
            account=settings.customer_is == "account", match_on=settings.match_on,
        )  # fmt: skip
        self.people.regrouping = partial(reach.open_deals_of_leads, self)
        self.people.sets.bought_of = partial(order_minutes, self)
        self.people.sets.steps_of = partial(latest_steps, self)
        self.deals: dict[str, list[DealEvent]] = {}
        self.histories: dict[str, History] = {}  # deals of many events, as they were read
        self.deal_logs: dict[str, DealLogs] = {}
        self.orders: dict[str, list[OrderEvent]] = {}
        self.chains: dict[str, Chain] = {}  # orders of many events, as they were read
        self.subscriptions: dict[str, list[SubscriptionEvent]] = {}
        self.prices: dict[str, Prices] = {}  # subscriptions of many events, as they were read
        self.recurring: dict[str, Recurring] = {}  # root -> subscriptions of many events together
        self.contracts: dict[str, list[RenewalEvent]] = {}
        self.rated: dict[tuple[str, int], set[str]] = {}  # rates -> subscriptions and contracts that they may move
        self.leads: dict[str, list[LeadEvent]] = {}  # by the id they came with
        self.lead_logs: dict[str, LeadLog] = {}  # of leads with many events
        self.leads_of_deal: dict[str, set[str]] = {}  # what leads say they became
        self.messages: dict[str, Any] = {}
        self.plain_messages: set[str] = set()  # ids of messages that an earlier build stored as they are
        self._message_keys: dict[str, list[str]] | None = None  # message -> its keys; made when it is first asked for
        self.customers: dict[str, list[list[Any]]] = {}  # id -> [t, source, id, kind, source it says]
        self.told: dict[str, Told] = {}  # id -> what was said of it many times, as read
        self.contacts = Contacts()
        self.ages = StayAges(partial(groups.deal_stays, self))
        self.purchases: dict[str, Purchase] = {}  # deals won and orders kept
        self.answers: dict[str, list[Answer]] = {}
        self.answer_orders: dict[str, Order] = {}  # of ids with many answers
        self.scores: dict[str, list[ScoreFact]] = {}
        self.signins: dict[str, int] = {}  # id -> earliest, ms
        self.signups: dict[str, int] = {}  # id -> earliest, ms
        self.records: dict[str, list[RecordEvent]] = {}
        self.tickets: dict[str, list[TicketEvent]] = {}
        self.late: dict[str, list[list[Any]]] = {}  # id -> [t, type, segments beside the subject's own]
        self.erased: dict[str, list[Any]] = {}  # salted hash of an id -> its erasures; see kpis.state.erasure
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
        self.chunks = Chunks()  # where those lists are cut that are stored in pieces
        self.dirty: set[tuple[str, Any]] = set()
        self.gone = NOBODY  # unpicked ids of the event that is being taken
        self._match_on = settings.match_on
        self._late_after = settings.late_threshold_s * 1000
        self.unsettled: set[str] = set()
        self._traits_read = ("country", *settings.dimensions)
        self._no_traits = [None] * len(self._traits_read)
        self._own_codes: dict[tuple[str | None, ...], int] = {}
        self._fitted: dict[tuple[str, ...], tuple[str, ...]] = {}
        self.scored = Scored(self)
        self.ledger.kinds = {kind: partial(of, self) for kind, of in groups.GROUPS.items()}
        self.ledger.parts = {kind: partial(of, self) for kind, of in groups.PARTS.items()}

    # --- an event

    def take(self, row: Row, gone: frozenset[str] = NOBODY) -> None:
        """Put an accepted, new event among the facts, but for what would be filed under ids that are ``gone``."""
        self.gone = gone
        row = pseudonymous(self.name, row, self.plain_messages)
        data, time, bot = row.data, row.time, bool(row.flags & BOT_FLAG)
        ids = named_ids(data)
        own = ids[0] if ids else own_object(row)
        contact = data.get("contact_id")
        if own in gone:
            self.gone |= self._unpicked_beside(row, ids)
        raw = person_id(self, own, ids) if contact is None else CONTACT + str(contact)  # whose touches and answers
        stamp = (time, row.source, row.id)
        if len(ids) > 1 and row.type not in WORDS:
            carry(self, ids, stamp)
        if self._match_on and ids and row.type not in OUTRIGHT:
            carry(self, [ids[0], *hash_nodes(data, self._match_on)], stamp)
        if self.people.account and len(ids) > 2 and ids[0].startswith(CUSTOMER) and row.type not in OUTRIGHT:
            carry_beside(self, ids[1:])
        if ids and self.keeps(own):
            for field in OWNED.keys() & data:
                if data[field] is not None and self.keeps(thing := OWNED[field] + str(data[field])):
                    give_owner(self, thing, own, stamp)
        late = row.received - time > self._late_after
        unknown = row.flags & UNKNOWN_TYPE
        if late and (unknown or kind_code(row.type, data) is None):
            self._note_late(f"user:{data['user_id']}" if row.type == SIGNED_IN and not unknown else own, row)
        if bot:
            self.ledger.add(0, self.ledger.names.code(f"bot:{event_label(row)}"), time // 60_000)
        elif not unknown and self.keeps(own) and (traits := data.get("traits")):
            self._traits(own, traits, stamp)
        if not unknown:
            kind, taker, hears_bots = taker_of(row.type)
            if not bot and self.keeps(raw):
                if row.type in self.conversions.types:
                    self.conversions.take(row, raw)
                note_event(self, row, raw, late)
            if taker is not None and (hears_bots or not bot):
                taker(self, kind, row, raw, late, bot)
            if row.type in NUMBERS and self.keeps(own):
                reach.take_contact(self, row, own, late, bot)
        self.gone = NOBODY  # nothing remembers them

    def keeps(self, raw: str) -> bool:
        """Whether something of the event that is being taken may be filed under an id: it was not unpicked."""
        if not self.gone:
            return True
        return self.gone.isdisjoint(split_within(raw) if raw.startswith(WITHIN) else (raw,))

    def _unpicked_beside(self, row: Row, ids: list[str]) -> set[str]:
        """The ids that an event names beside an unpicked first one, but for those that are somebody else's."""
        others = {one for one in ids[1:] if not self.people.subject(one).startswith(CUSTOMER)}
        contact = f"{CONTACT}{row.data.get('contact_id')}"
        return others if self.keeps_object(contact, row) else {*others, contact}

    def keeps_object(self, thing: str, row: Row) -> bool:
        """Whether an event of an object is: not if its first id was unpicked, unless the object is somebody else's."""
        ids = named_ids(row.data) if self.gone else ()
        if not ids or self.keeps(ids[0]):
            return True
        held = self.people.owners.get(thing)
        return held is not None and tuple(held[:3]) > (row.time, row.source, row.id)

    def _note_late(self, raw: str, row: Row) -> None:
        """Keep a late event that is no touch, in a group a day; a conversion with its own segments."""
        if not self.keeps(raw):
            return
        key, root = f"{raw}\0{row.time // DAY_MS}", self.people.subject(raw)
        if row.type.startswith(LATE_CUSTOMERS):
            note_late(self, root)
        converts = row.type in self.conversions.types
        own = (self.sets.sets[self.own_segments(row.data)][1:],) if converts else ()
        event = [row.time, event_label(row), *late_segments(row), *own]
        self.file("late", key, self.late, event)
        self.shelve_with("late", key, raw)
        if not self.ledger.is_open("late", key):
            for segments, delta in groups.late_deltas(self, raw, event):
                self.ledger.add_delta(segments, delta, 1)

    def _traits(self, raw: str, traits: dict[str, Any], stamp: tuple[int, str, str]) -> None:
        if not raw.startswith(NODE_SPACES):
            self.people.hold(raw)
        for dimension in self._traits_read:
            self.say(raw, dimension, value_of(traits.get(dimension)), stamp)

    def say(self, raw: str, dimension: str, value: Any, stamp: tuple[int, str, str]) -> None:
        """Note a value of a subject's dimension, when there is one."""
        if value not in (None, "") and self.people.say(raw, dimension, [*stamp, value]):
            self.dirty.add(("attributes", raw))

    def file(self, name: str, key: str, shelf: dict[str, list[Any]], fact: Any) -> None:
        """Put a fact on a shelf."""
        shelf.setdefault(key, []).append(fact)
        self.dirty.add((name, key))

    def renew(self, name: str, key: str) -> None:
        """Facts of a shelf changed, or are there no more: all of its entry is written again."""
        if name in LISTS:
            self.chunks.renew(name, key)
        self.dirty.add((name, key))

    def message_keys(self, message: str) -> list[str]:
        """The keys of a message, one a recipient."""
        if self._message_keys is None:
            self._message_keys = {}
            for key in self.messages:
                self._message_keys.setdefault(key.partition("\0")[0], []).append(key)
        return self._message_keys.get(message, [])

    def keep_message(self, key: str, message: Any) -> None:
        """Put a message on its shelf."""
        self.messages[key] = message
        if self._message_keys is not None:
            self._message_keys.setdefault(key.partition("\0")[0], []).append(key)

    def drop_message(self, key: str) -> Any:
        """Take a message off its shelf."""
        if self._message_keys is not None:
            self._message_keys[key.partition("\0")[0]].remove(key)
        return self.messages.pop(key)

    def shelve(self, kind: str, key: str) -> None:
        """Put an object's group of facts under the id that owns it, or under its own."""
        for group in groups_of(kind, key):
            self.people.own(*group, self.people.owner(f"{kind}:{key}"), None)

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

    def page_of(self, data: dict[str, Any]) -> int:
        """The code of a page view's page; `__other__` beyond the pages that are kept, where all have numbers."""
        path = path_of_view(data)
        if not self.settings.landing_pages and self.sets.fit(f"page={path}") != f"page={path}":
            path = OTHER
        return page_code(path, data.get("click_id"))

    def late_page(self, page: int, minute: int) -> None:
        """A late view counts among those of its page."""
        if self.people.sets.followed(page):
            self.ledger.add(self.people.sets.page_code(page), LATE_PAGE, minute)

    def add_touches(self, touches: Touches) -> None:
        """What touches added to the numbers as they came."""
        for (time, kind, flags, own), page in zip(touches, touches.pages, strict=True):
            self.touch_deltas(kind, flags, time // 60_000, own)
            if page >= 0 and flags & LATE:
                self.late_page(page, time // 60_000)

    def touch_deltas(self, kind: int, flags: int, minute: int, own: Any) -> None:
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
        told = [value_of(traits.get(name)) for name in self._traits_read] if traits else self._no_traits
        key = (campaign.get("source"), campaign.get("name"), *told)
        found = self._own_codes.get(key)
        if found is None:
            pairs = zip(("source", "campaign", *self._traits_read), key, strict=True)
            if len(self._own_codes) > REMEMBERED:
                self._own_codes.clear()
            found = self._own_codes[key] = self.sets.code(tuple(segment_of(*pair) for pair in pairs))
        return found

    def fitted(self, stored: tuple[str, ...]) -> tuple[str, ...]:
        """Stored segments of a touch in the dimensions of now: one that was not read then is unknown."""
        found = self._fitted.get(stored)
        if found is None:
            if len(self._fitted) > REMEMBERED:
                self._fitted.clear()
            said = {segment.partition("=")[0]: segment for segment in stored}
            names = ("source", "campaign", *self._traits_read)
            models = [segment for segment in stored if segment.startswith("model=")]
            model = models[-1:] if len(models) > ("model" in names) else []  # of a sentiment: it comes last
            known = (said.get(name) or segment_of(name, None) for name in names)
            found = self._fitted[stored] = (*known, *model)
        return found

    # --- a restart, a batch

    def put_together(self) -> None:
        """Make whole lists of the pieces that were loaded."""
        self.chunks.put_together(lambda kind: LISTS[kind](self))

    def finish(self) -> None:
        """End a batch: everything open goes back in, and the changes go to the cells."""
        settle(self)
        self.people.sets.settle()
        self.scored.close()
        customers = self.ledger.opened("customer")
        self.ledger.close()
        self.spenders.refresh(customers)
        self.people.sets.close()
        self.people.sets.flush(self.ledger.rows, self.zone)
        self.people.finish()
        self.cells.apply(self.ledger.take(), self.sets, self.ledger.names)
        for dimension in self.sets.filled:
            self.dirty.update(("values", (dimension, number)) for number in range(self.sets.pieces(dimension)))
        self.sets.filled.clear()


# Lists of facts that only grow: they are stored in pieces (kpis.chunks).
LISTS: Final[dict[str, Callable[[Tenant], dict[str, list[Any]]]]] = {
    "deal": lambda tenant: tenant.deals,
    "order": lambda tenant: tenant.orders,
    "subscription": lambda tenant: tenant.subscriptions,
    "contract": lambda tenant: tenant.contracts,
    "lead": lambda tenant: tenant.leads,
    "customer": lambda tenant: tenant.customers,
    "answers": lambda tenant: tenant.answers,
    "scores": lambda tenant: tenant.scores,
    "late": lambda tenant: tenant.late,
    "record": lambda tenant: tenant.records,
    "ticket": lambda tenant: tenant.tickets,
    "cost": lambda tenant: tenant.costs,
    "conversion": lambda tenant: tenant.conversions.facts,
}


def event_label(row: Row) -> str:
    """What late and robots' events are counted by: the type, an answer's kind of survey, whether it is judged."""
    if row.type == "crm.survey.answered":
        return f"{row.type}:{row.data.get('survey_type')}"
    return row.type + SENTIMENT if is_judged(row.type, row.data) else row.type
