"""Customer engagement: decaying points for what their people do."""

from collections.abc import Callable, Iterable, Sequence
from math import log2
from typing import Final

from recount.facts import Fact, Figure, tally
from recount.quality import Types
from recount.revenue import inside, orders_of
from recount.row import KpiRow
from recount.tenant import Tenant
from recount.web import CHANNELS, takes_part
from recount.windows import DAY, QUARTER_HOUR, Window, ceil_to

HALF_LIFE: Final = 7 * DAY
DEFAULT: Final = (
    "page.viewed", "link.clicked", "email.opened", "email.clicked", "social.liked", "social.commented", "social.shared",
    "social.followed", "social.mentioned", "social.messaged", "call.ended", "meeting.held", "user.signed_in",
    "form.submitted", "order.completed",
)  # fmt: skip
TYPES: Final = Types(tuple(f"crm.{name}" for name in DEFAULT))
Points = tuple[int, int, int]  # instant, end of its UTC day, points


class Engagement:
    """The points of every customer."""

    def __init__(self, tenant: Tenant) -> None:
        self.tenant = tenant
        self.points: dict[str, list[Points]] = {}
        people, weights = tenant.people, tenant.settings.weights
        for row in filter(tenant.acts, tenant.countable):
            weight = weights.get(row.type.removeprefix("crm."), 0)
            acts = row.type in CHANNELS and takes_part(row)
            if weight and (acts or row.type == "crm.user.signed_in"):
                self.add(people.buyer(row), row.time, weight)
        for order_id, order in orders_of(tenant.counted).items():
            if order.kept and order.completed:
                weight = weights.get("order.completed", 0)
                if weight:
                    self.add(people.subject_of_object("order", order_id), order.completed.time, weight)

    def add(self, subject: str, at: int, weight: int) -> None:
        """Note an event's points."""
        end = (at // DAY + 1) * DAY
        points = round(10**6 * weight * 2 ** (-(end - at) / HALF_LIFE))
        self.points.setdefault(subject, []).append((at, end, points))

    def active(self, window: Window) -> Iterable[tuple[str, list[Points]]]:
        """Customers active at a window's end, each with its earlier points."""
        for subject, customer in self.tenant.revenue.customers.items():
            if inside(customer.active, window.end):
                yield subject, [one for one in self.points.get(subject, ()) if one[0] < window.end]

    def scores(self, window: Window) -> list[Fact]:
        """The score of each active customer."""
        return [
            Fact(0, self.tenant.dims_of_subject(subject), score(found, window.end, 140 * DAY))
            for subject, found in self.active(window)
        ]

    def tiers(self, window: Window) -> Iterable[tuple[str, Figure, Types]]:
        """Active customers by tier."""
        warm, hot = self.tenant.settings.tiers
        found = [
            (reaches(points, warm, window.end), reaches(points, hot, window.end)) for _, points in self.active(window)
        ]
        tests: dict[str, Callable[[bool, bool], bool]] = {
            "cold": lambda warm, hot: not warm,
            "warm": lambda warm, hot: warm and not hot,
            "hot": lambda warm, hot: hot,
        }
        for name, test in tests.items():
            yield name, tally([Fact(0, {}) for one in found if test(*one)]), TYPES


def score(points: Sequence[Points], at: int, reach: float) -> float:
    """The value of points at an instant."""
    return sum(one * 2 ** (-(at - end) / HALF_LIFE) for _, end, one in points if at - end <= reach) / 10**6


def reaches(points: Sequence[Points], threshold: int, at: int) -> bool:
    """Whether a score reached a threshold at its latest event and has not been below it for a quarter hour."""
    if not points:
        return False
    last = max(instant for instant, _, _ in points)
    found, limit = score(points, last, float("inf")), max(threshold, 1e-6)
    return found >= limit and ceil_to(last + HALF_LIFE * log2(found / limit), QUARTER_HOUR) >= at  # type: ignore[arg-type]


def mean(facts: Sequence[Fact]) -> Figure:
    """Mean score."""
    total = sum((fact.what for fact in facts), 0.0)
    return Figure(total / len(facts) if facts else None, total, len(facts), len(facts))


def engagement_rows(tenant: Tenant) -> list[KpiRow]:
    """Score and tiers."""
    found = Engagement(tenant)
    tier = KpiRow(
        "engagement_tier", "count", TYPES, None, tally, (), "S", vector="tier", steps=found.tiers, total=False
    )
    return [
        KpiRow("customer_engagement_score", "score", TYPES, "subject", mean, (found.scores,), "S", thin=True),
        tier,
    ]
