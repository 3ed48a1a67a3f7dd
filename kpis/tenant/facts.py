"""The facts of one tenant, who owns them, and caches of what was read from them. Data only."""

from typing import Any, Final, TypeVar

from kpis.calendar.zone import zone
from kpis.cells.cells import Cells
from kpis.cells.ledger import Ledger
from kpis.cells.measures import Keeps
from kpis.cells.segments import Segments
from kpis.facts.answer_order import AnswerOrder
from kpis.facts.attribution import Horizon
from kpis.facts.conversions import Click, Conversion
from kpis.facts.costs import CostEvent
from kpis.facts.crm_records import RecordEvent
from kpis.facts.deal_history import History
from kpis.facts.deal_logs import DealLogs
from kpis.facts.deals import DealEvent
from kpis.facts.emails import Message
from kpis.facts.erasures import Erased
from kpis.facts.forms import Form
from kpis.facts.late import LateEvent
from kpis.facts.leads import LeadEvent, LeadLog
from kpis.facts.money import Rates
from kpis.facts.mrr import Recurring
from kpis.facts.nps import Answer
from kpis.facts.orders import Chain, OrderEvent
from kpis.facts.outreach import Contacts
from kpis.facts.prices import Prices, SubscriptionEvent
from kpis.facts.renewals import RenewalEvent
from kpis.facts.reported import CustomerEvent, Reported
from kpis.facts.spending import Purchase
from kpis.facts.survey_scores import ScoreFact
from kpis.facts.targets import Targets
from kpis.facts.tickets import TicketEvent
from kpis.facts.touches import Touches
from kpis.identity.ids import segment_of, value_of
from kpis.tenant.chunks import Chunks
from kpis.tenant.people import People
from models.tenants import TenantSettings

Fact = TypeVar("Fact")
CACHE_SIZE: Final = 50_000  # entries of a cache of segment codes


class TenantFacts:
    """All facts of one tenant, and its cells. ``dirty`` names the entries that changed since they were last drained."""

    def __init__(self, name: str, settings: TenantSettings, generation: int, keeps: Keeps) -> None:
        self.name = name
        self.settings = settings
        self.keeps = keeps
        self.late_after = settings.late_threshold_s * 1000  # ms
        self.zone = zone(settings.tz)
        self.ledger = Ledger()
        self.sets = Segments()
        self.cells = Cells(self.zone, generation, keeps.levels)
        self.rates = Rates()
        self.targets = Targets(settings.targets)
        self.people = People(
            self.ledger, self.sets, settings.dimensions,
            account=settings.customer_is == "account", match_on=settings.match_on,
        )  # fmt: skip
        self.chunks = Chunks()  # where lists are cut into stored entries
        self.dirty: set[tuple[str, Any]] = set()
        self.companions: dict[str, tuple[str, ...]] = {}  # kind of object -> groups that move with it to its owner
        self.unsettled: set[str] = set()  # deals and orders of the batch that may have become purchases
        self.deals: dict[str, list[DealEvent]] = {}
        self.histories: dict[str, History] = {}  # deals of many events, as read so far
        self.deal_logs: dict[str, DealLogs] = {}
        self.orders: dict[str, list[OrderEvent]] = {}
        self.chains: dict[str, Chain] = {}  # orders of many events, as read so far
        self.chains_of_batch: dict[str, Chain] = {}  # the other orders read in this batch
        self.subscriptions: dict[str, list[SubscriptionEvent]] = {}
        self.prices: dict[str, Prices] = {}  # subscriptions of many events, as read so far
        self.recurring: dict[str, Recurring] = {}  # subject id -> MRR, if its subscriptions have many events
        self.contracts: dict[str, list[RenewalEvent]] = {}
        self.rated: dict[tuple[str, int], set[str]] = {}  # (currency, day) -> what may depend on its rate
        self.leads: dict[str, list[LeadEvent]] = {}  # by source id
        self.lead_logs: dict[str, LeadLog] = {}  # of leads with many events
        self.leads_of_deal: dict[str, set[str]] = {}  # deal -> leads that claim to have become it
        self.messages: dict[str, Message] = {}
        self.plain_messages: set[str] = set()  # ids of messages that an earlier build stored without a digest
        self.customers: dict[str, list[CustomerEvent]] = {}
        self.reported: dict[str, Reported] = {}  # id with many customer events -> as read so far
        self.contacts = Contacts()
        self.purchases: dict[str, Purchase] = {}  # won deals and kept orders
        self.answers: dict[str, list[Answer]] = {}
        self.answer_orders: dict[str, AnswerOrder] = {}  # for ids with many answers
        self.scores: dict[str, list[ScoreFact]] = {}
        self.signins: dict[str, int] = {}  # id -> earliest, ms
        self.signups: dict[str, int] = {}  # id -> earliest, ms
        self.conversion_facts: dict[str, list[Conversion]] = {}  # id and period
        self.click_facts: dict[str, Click] = {}  # click id (else source and event id) -> first
        self.form_facts: dict[str, Form] = {}  # key: id, form and visit
        self.records: dict[str, list[RecordEvent]] = {}
        self.tickets: dict[str, list[TicketEvent]] = {}
        self.late: dict[str, list[LateEvent]] = {}  # id and day
        self.salt = ""  # for the hashes below; empty before the first erasure
        self.erased: dict[str, list[Erased]] = {}  # salted hash of an id -> its erasures; see kpis.state.erasure
        self.costs: dict[str, list[CostEvent]] = {}
        self.marketing: dict[str, Touches] = {}  # id -> marketing touches
        self.stored_marketing: dict[str, dict[int, list[Any]]] = {}  # id -> chunks, during a restore
        self.horizons: dict[str, Horizon] = {}  # subject id -> what may change its acquisition
        self._message_keys: dict[str, list[str]] | None = None  # message -> its keys; built on first use
        self._fitted: dict[tuple[str, ...], tuple[str, ...]] = {}

        self._own_codes: dict[tuple[str | None, ...], int] = {}
        self.traits_read = ("country", *settings.dimensions)
        self._no_traits = [None] * len(self.traits_read)

    def file(self, kind: str, key: str, table: dict[str, list[Fact]], fact: Fact) -> None:
        """Append a fact to its list."""
        table.setdefault(key, []).append(fact)
        self.dirty.add((kind, key))

    def renew(self, kind: str, key: str) -> None:
        """Mark a list whose facts changed or are gone: all its entries are rewritten."""
        self.chunks.renew(kind, key)
        self.dirty.add((kind, key))

    def forget_read(self) -> None:
        """Drop what is cached only for the length of a batch; long lists stay cached."""
        self.people.retractions.forget_short()
        self.chains_of_batch.clear()

    def assign(self, kind: str, key: str, raw: str) -> None:
        """File a group of facts under the owner of ``raw``, or under ``raw`` itself if it has none."""
        self.people.own(kind, key, self.people.owner(raw), None)

    def assert_trait(self, raw: str, dimension: str, value: Any, stamp: tuple[int, str, str]) -> None:
        """Note an assertion about a trait, unless its value is empty. ``stamp``: (ms, source, event id)."""
        if value not in (None, "") and self.people.assert_trait(raw, dimension, [*stamp, value]):
            self.dirty.add(("attributes", raw))

    # --- messages, one per recipient

    def message_keys(self, message: str) -> list[str]:
        """The keys of a message, one per recipient."""
        if self._message_keys is None:
            self._message_keys = {}
            for key in self.messages:
                self._message_keys.setdefault(key.partition("\0")[0], []).append(key)
        return self._message_keys.get(message, [])

    def keep_message(self, key: str, message: Message) -> None:
        """Store a message."""
        self.messages[key] = message
        if self._message_keys is not None:
            self._message_keys.setdefault(key.partition("\0")[0], []).append(key)

    def drop_message(self, key: str) -> Message:
        """Remove a message, and return it."""
        if self._message_keys is not None:
            self._message_keys[key.partition("\0")[0]].remove(key)
        return self.messages.pop(key)

    # --- segments

    def with_segment(self, segments: int, segment: str) -> int:
        """The code of a set of segments plus one more."""
        return self.sets.code((*self.sets.sets[segments][1:], segment))

    def own_segments(self, data: dict[str, Any]) -> int:
        """The code of a touch's segments: the event's own campaign, country and traits."""
        campaign, traits = data.get("campaign") or {}, data.get("traits") or {}
        values = [value_of(traits.get(name)) for name in self.traits_read] if traits else self._no_traits
        key = (campaign.get("source"), campaign.get("name"), *values)
        found = self._own_codes.get(key)
        if found is None:
            pairs = zip(("source", "campaign", *self.traits_read), key, strict=True)
            if len(self._own_codes) > CACHE_SIZE:
                self._own_codes.clear()
            found = self._own_codes[key] = self.sets.code(tuple(segment_of(*pair) for pair in pairs))
        return found

    def fitted(self, stored: tuple[str, ...]) -> tuple[str, ...]:
        """A touch's stored segments in the current dimensions; a dimension not read at the time is `unknown`."""
        found = self._fitted.get(stored)
        if found is None:
            if len(self._fitted) > CACHE_SIZE:
                self._fitted.clear()
            by_name = {segment.partition("=")[0]: segment for segment in stored}
            names = ("source", "campaign", *self.traits_read)
            models = [segment for segment in stored if segment.startswith("model=")]
            model = models[-1:] if len(models) > ("model" in names) else []  # that of a sentiment comes last
            known = (by_name.get(name) or segment_of(name, None) for name in names)
            found = self._fitted[stored] = (*known, *model)
        return found
