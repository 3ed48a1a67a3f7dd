"""Everything about one tenant at one as-of, as the lists that KPIs count."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final
from zoneinfo import ZoneInfo

from models.record import BOT, UNKNOWN_TYPE, Row
from models.settings import TenantSettings
from recount import parts
from recount.acquisition import Acquisition
from recount.deals import Deals, Stages
from recount.erasure import erased
from recount.facts import UNKNOWN, Accepted, Dims, inner, remembered, text, undated
from recount.identity import People, moment
from recount.mail import Mail
from recount.money import Rates
from recount.perception import Perception
from recount.quality import Quality
from recount.revenue import Revenue
from recount.scales import scale_text
from recount.targets import Targets
from recount.web import CHANNELS, Leads, Web, interactions, is_human, page_of

# What a person does or receives: it counts for the person, and a contact has priority over objects the event names.
TOUCHES: Final = (
    "crm.email.", "crm.page.", "crm.link.", "crm.form.submitted", "crm.call.", "crm.meeting.", "crm.chat.",
    "crm.social.",
)  # fmt: skip


def user_alone(row: Row) -> Row:
    """A sign-in reduced to its user, whoever else it names: this decides how it counts and its segments."""
    return row._replace(data={"user_id": str(row.data["user_id"])})


def subject_dims(rows: Sequence[Row], people: People, traits: Iterable[str]) -> dict[str, Dims]:
    """The current segments of every subject: the latest source and owner, and the latest of each trait."""
    names = tuple(dict.fromkeys(("country", *traits)))
    found: dict[str, dict[str, str]] = {}
    for row in sorted(rows, key=moment):
        values = {name: inner(row.data, "traits", name) for name in names} if row.data.get("traits") else {}
        if row.type.startswith(("crm.customer.", "crm.lead.")):
            values |= {"source": text(row.data.get("source")), "owner": text(row.data.get("owner_id"))}
        given = {name: value for name, value in values.items() if value is not None}
        if given:
            found.setdefault(people.subject(row), {}).update(given)
    blank = dict.fromkeys(("source", "owner", *names), UNKNOWN)
    return {subject: blank | values for subject, values in found.items()}


class Tenant:
    """Subjects, deals, orders … of a tenant."""

    def __init__(self, accepted: Accepted, settings: TenantSettings) -> None:
        self.settings = settings
        self.zone = ZoneInfo(settings.tz)
        everything, self.received = accepted, accepted.rows
        accepted = erased(accepted, account=settings.customer_is == "account", match_on=settings.match_on)
        self.rows = accepted.rows
        self.received_anything = bool(self.received or accepted.refused)
        self.first = min((row.time for row in self.received if not undated(row)), default=None)
        account = self.account = settings.customer_is == "account"
        countable = self.countable = accepted.countable
        counted = self.counted = [row for row in countable if parts.main(row, account=account)]
        self.people = People(self.rows, account=account, match_on=settings.match_on)
        self.traits = tuple(dict.fromkeys(settings.dimensions))
        self.unknown = dict.fromkeys(("source", "owner", "country", *self.traits), UNKNOWN)
        self.dims = subject_dims([row for row in countable if parts.own(row)], self.people, self.traits)
        rates = self.rates = Rates(counted, self.zone, settings.currency)
        stages = self.stages = Stages.of(settings.won_stages, settings.lost_stages)
        self.deals = Deals(counted, stages, rates, self.traits, settings.stale_days, settings.qualified_stages)
        self.revenue = Revenue(
            counted, self.people, self.deals, rates, self.dims, self.unknown,
            days=settings.inactivity_days, net_of_tax=settings.net_of_tax,
        )  # fmt: skip
        self.web = Web(counted, self.people, self.dims, self.unknown, self.zone)
        self.leads = Leads([row for row in countable if parts.of_lead(row)], self.people, self.dims, self.unknown)
        self.mail = Mail(self.rows, self.touch_dims, self.acts)
        self.perception = Perception(counted, self.people, self.dims_of_subject, settings)
        self.quality = Quality(everything, self.is_late, self.people.conflicts())
        self.targets = Targets(counted, settings)
        self.acquisition = Acquisition(self)
        self.remember_lists()

    def remember_lists(self) -> None:
        """Compute lists that several KPIs share once per window."""
        self.visitors, self.sessions = remembered(self.web.visitors), remembered(self.web.sessions)
        self.open, self.stale = remembered(self.deals.open), remembered(self.deals.stale)
        self.active, self.pairs = remembered(self.revenue.active), remembered(self.revenue.pairs)
        self.latest_answers = remembered(self.perception.latest)
        self.human_touches = interactions([row for row in self.rows if is_human(row)], self.people, self.acts)
        self.all_touches = interactions(self.rows, self.people, self.acts)

    def acts(self, row: Row) -> bool:
        """Whether the act of an event's person remains."""
        return parts.acts(row, account=self.account)

    def is_late(self, row: Row) -> bool:
        """Received so late that it may restate a value."""
        return row.received - row.time > self.settings.late_threshold_s * 1000

    @staticmethod
    def is_robot(row: Row) -> bool:
        """Sent by a robot."""
        return bool(row.flags & BOT)

    def dims_of_subject(self, subject: str) -> Dims:
        """The segments of a subject."""
        return self.dims.get(subject, self.unknown)

    def touch_dims(self, row: Row) -> Dims:
        """The segments that the event itself carries."""
        data = row.data
        given = {"source": inner(data, "campaign", "source"), "campaign": inner(data, "campaign", "name")}
        given |= {trait: inner(data, "traits", trait) for trait in ("country", *self.traits)}
        return {name: value or UNKNOWN for name, value in given.items()}

    def answer_dims(self, row: Row) -> Dims:
        """The segments of a person's answer, and its scale."""
        return {**self.dims_of_subject(self.people.subject_of_person(row)), "scale": scale_text(row.data)}

    def counts_late(self, row: Row) -> bool:
        """Whether a late event counts in the total: via its person, or via the user who signed in."""
        if row.flags & UNKNOWN_TYPE:
            return parts.own(row)
        if row.type == "crm.user.signed_in":
            return parts.main(row, account=self.account)
        return self.acts(row) if row.type.startswith(TOUCHES) else parts.own(row)

    def event_dims(self, segments: str | None, row: Row) -> Dims:
        """The segments in which a late event counts, by the kind of a KPI's segments."""
        left = self.counts_late(row)
        if segments in ("deal", "stage"):
            left = parts.of_object(row, "deal") if row.type.startswith("crm.deal.") else parts.own(row)
        return self.dims_of_event(segments, row) if left or row.type == "crm.cost.recorded" else {}

    def dims_of_event(self, segments: str | None, row: Row) -> Dims:
        """The same for an event whose relevant part remains."""
        uncounted = row.flags & UNKNOWN_TYPE or self.is_robot(row)
        if segments in ("deal", "stage") and row.type.startswith("crm.deal.") and uncounted:
            return {}  # makes no deal that could be in a segment
        if segments == "deal":
            deal = self.deals.all.get(str(row.data.get("deal_id")))
            return deal.dims if deal else dict.fromkeys(self.dimensions("deal"), UNKNOWN)
        if segments == "subject" and row.type == "crm.user.signed_in" and not row.flags & UNKNOWN_TYPE:
            return self.dims_of_subject(self.people.subject_of_person(user_alone(row)))
        if segments == "subject":
            whose = self.people.buyer if row.type.startswith(TOUCHES) else self.people.subject
            return self.dims_of_subject(whose(row))
        if segments in ("acquisition", "marketing", "source"):
            return self.acquisition.late_dims(segments, row)
        if segments == "page":
            return {"page": page_of(row) if row.type == "crm.page.viewed" else ""}
        if segments == "channel":
            return {"channel": CHANNELS[row.type]}
        if segments == "survey":
            return {**self.dims_of_subject(self.people.subject(row)), "scale": scale_text(row.data)}
        if segments == "mention":
            return {**self.touch_dims(row), "model": text(row.data.get("model")) or UNKNOWN}
        if segments == "stage":
            return {"stage": text(row.data.get("to_stage") or row.data.get("stage")) or UNKNOWN}
        return self.touch_dims(row) if segments == "touch" else {}

    def dimensions(self, segments: str | None) -> tuple[str, ...]:
        """The dimensions of a kind of segments."""
        known: Mapping[str | None, tuple[str, ...]] = {
            "deal": ("owner", "source", "campaign", "pipeline", *self.traits),
            "subject": ("source", "owner", "country", *self.traits),
            "touch": ("source", "campaign", "country", *self.traits),
            "survey": ("source", "owner", "country", *self.traits, "scale"),
            "mention": ("source", "campaign", "country", *self.traits, "model"),
            "channel": ("channel",),
            "acquisition": ("channel",),
            "marketing": ("channel", "campaign"),
            "source": ("source",),
            "page": ("page",),
            "stage": ("stage",),
        }
        return tuple(dict.fromkeys(known.get(segments, ())))
