"""The facts of one tenant, and who they are of: data only, with what is remembered of having read them."""

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
from models.settings import TenantSettings

Fact = TypeVar("Fact")
REMEMBERED: Final = 50_000  # answers kept of what is asked for again and again


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
        self.chunks = Chunks()  # where those lists are cut that are stored in pieces
        self.dirty: set[tuple[str, Any]] = set()
        self.companions: dict[str, tuple[str, ...]] = {}  # kind of object -> groups that go to its owner with it
        self.unsettled: set[str] = set()  # deals and orders of the batch that may have become purchases
        self.deals: dict[str, list[DealEvent]] = {}
        self.histories: dict[str, History] = {}  # deals of many events, as they were read
        self.deal_logs: dict[str, DealLogs] = {}
        self.orders: dict[str, list[OrderEvent]] = {}
        self.chains: dict[str, Chain] = {}  # orders of many events, as they were read
        self.chains_of_batch: dict[str, Chain] = {}  # the others, while a batch lasts
        self.subscriptions: dict[str, list[SubscriptionEvent]] = {}
        self.prices: dict[str, Prices] = {}  # subscriptions of many events, as they were read
        self.recurring: dict[str, Recurring] = {}  # root -> subscriptions of many events together
        self.contracts: dict[str, list[RenewalEvent]] = {}
        self.rated: dict[tuple[str, int], set[str]] = {}  # rates -> subscriptions and contracts that they may move
        self.leads: dict[str, list[LeadEvent]] = {}  # by the id they came with
        self.lead_logs: dict[str, LeadLog] = {}  # of leads with many events
        self.leads_of_deal: dict[str, set[str]] = {}  # what leads say they became
        self.messages: dict[str, Message] = {}
        self.plain_messages: set[str] = set()  # ids of messages that an earlier build stored as they are
        self.customers: dict[str, list[CustomerEvent]] = {}
        self.reported: dict[str, Reported] = {}  # id -> what was reported of it many times, as read
        self.contacts = Contacts()
        self.purchases: dict[str, Purchase] = {}  # deals won and orders kept
        self.answers: dict[str, list[Answer]] = {}
        self.answer_orders: dict[str, AnswerOrder] = {}  # of ids with many answers
        self.scores: dict[str, list[ScoreFact]] = {}
        self.signins: dict[str, int] = {}  # id -> earliest, ms
        self.signups: dict[str, int] = {}  # id -> earliest, ms
        self.conversion_facts: dict[str, list[Conversion]] = {}  # id and period
        self.click_facts: dict[str, Click] = {}  # click id (else source and event id) -> first
        self.form_facts: dict[str, Form] = {}  # id, form and visit -> what happened
        self.records: dict[str, list[RecordEvent]] = {}
        self.tickets: dict[str, list[TicketEvent]] = {}
        self.late: dict[str, list[LateEvent]] = {}  # id and day
        self.salt = ""  # of those hashes; none before the first erasure
        self.erased: dict[str, list[Erased]] = {}  # salted hash of an id -> its erasures; see kpis.state.erasure
        self.costs: dict[str, list[CostEvent]] = {}
        self.marketing: dict[str, Touches] = {}  # id -> marketing touches
        self.stored_marketing: dict[str, dict[int, list[Any]]] = {}  # id -> chunks, while entries are put back
        self.horizons: dict[str, Horizon] = {}  # root -> what may change its acquisition; those that have none are out
        self._message_keys: dict[str, list[str]] | None = None  # message -> its keys; made when it is first asked for
        self._fitted: dict[tuple[str, ...], tuple[str, ...]] = {}

        self._own_codes: dict[tuple[str | None, ...], int] = {}
        self.traits_read = ("country", *settings.dimensions)
        self._no_traits = [None] * len(self.traits_read)

    def file(self, kind: str, key: str, table: dict[str, list[Fact]], fact: Fact) -> None:
        """Put a fact in its table."""
        table.setdefault(key, []).append(fact)
        self.dirty.add((kind, key))

    def renew(self, kind: str, key: str) -> None:
        """Facts of a list changed, or are there no more: all of its entries are written again."""
        self.chunks.renew(kind, key)
        self.dirty.add((kind, key))

    def forget_read(self) -> None:
        """Forget what is remembered while a batch lasts, so that nothing of it is read twice; long lists stay."""
        self.people.retractions.forget_short()
        self.chains_of_batch.clear()

    def assign(self, kind: str, key: str, raw: str) -> None:
        """Give a group of facts to the id that owns ``raw``, or under ``raw`` itself."""
        self.people.own(kind, key, self.people.owner(raw), None)

    def say(self, raw: str, dimension: str, value: Any, stamp: tuple[int, str, str]) -> None:
        """Note a value of a subject's dimension, when there is one."""
        if value not in (None, "") and self.people.say(raw, dimension, [*stamp, value]):
            self.dirty.add(("attributes", raw))

    # --- messages, a recipient each

    def message_keys(self, message: str) -> list[str]:
        """The keys of a message, one a recipient."""
        if self._message_keys is None:
            self._message_keys = {}
            for key in self.messages:
                self._message_keys.setdefault(key.partition("\0")[0], []).append(key)
        return self._message_keys.get(message, [])

    def keep_message(self, key: str, message: Message) -> None:
        """Keep a message."""
        self.messages[key] = message
        if self._message_keys is not None:
            self._message_keys.setdefault(key.partition("\0")[0], []).append(key)

    def drop_message(self, key: str) -> Message:
        """Take a message away."""
        if self._message_keys is not None:
            self._message_keys[key.partition("\0")[0]].remove(key)
        return self.messages.pop(key)

    # --- segments

    def with_segment(self, segments: int, segment: str) -> int:
        """Code of a set of segments with one more."""
        return self.sets.code((*self.sets.sets[segments][1:], segment))

    def own_segments(self, data: dict[str, Any]) -> int:
        """Segments of a touch: the event's own campaign, country and traits."""
        campaign, traits = data.get("campaign") or {}, data.get("traits") or {}
        told = [value_of(traits.get(name)) for name in self.traits_read] if traits else self._no_traits
        key = (campaign.get("source"), campaign.get("name"), *told)
        found = self._own_codes.get(key)
        if found is None:
            pairs = zip(("source", "campaign", *self.traits_read), key, strict=True)
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
            names = ("source", "campaign", *self.traits_read)
            models = [segment for segment in stored if segment.startswith("model=")]
            model = models[-1:] if len(models) > ("model" in names) else []  # of a sentiment: it comes last
            known = (said.get(name) or segment_of(name, None) for name in names)
            found = self._fitted[stored] = (*known, *model)
        return found
