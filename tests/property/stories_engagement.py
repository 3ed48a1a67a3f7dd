"""Examples of engagement, with the results they state."""

from collections.abc import Callable
from itertools import permutations
from typing import Any, Final

from recount.windows import DAY
from tests.feed import Feed, ms
from tests.property.example_stories import Stage

END: Final = ms("2026-06-15")  # day 14
ACTS: Final[tuple[tuple[str, int, dict[str, Any]], ...]] = (
    ("email.opened", END - 1, {"message_id": "m1"}),
    ("email.clicked", END - 7 * DAY - 1, {"message_id": "m1"}),
    ("call.ended", END - 14 * DAY - 1, {"direction": "outbound", "outcome": "connected"}),
)


def told(order: tuple[int, ...]) -> Callable[[Feed], None]:
    """One customer: an open now, a click 7 days ago, a call 14 days ago, in some order of arrival."""

    def tell(feed: Feed) -> None:
        feed.add("customer.created", "2026-05-01", customer_id="c1")
        for place in order:
            kind, time, data = ACTS[place]
            feed.add(kind, time, customer_id="c1", **data)

    return tell


def tiers(feed: Feed) -> None:
    """A meeting is hot for a week, warm for three more; a visitor's page view makes no customer."""
    feed.add("customer.created", "2026-05-20", customer_id="c1")
    feed.add("meeting.held", "2026-06-01T10:00:00Z", customer_id="c1")
    feed.add("page.viewed", "2026-06-01T10:00:00Z", anonymous_id="v1", url="/")


def leaves_and_returns(feed: Feed) -> None:
    """A customer who leaves takes all points along; coming back brings them back."""
    feed.add("customer.created", "2026-06-01", customer_id="c1")
    feed.add("meeting.held", "2026-06-03", customer_id="c1")
    feed.add("customer.churned", "2026-06-05", customer_id="c1")


def returns(feed: Feed) -> None:
    """Ten days later."""
    feed.add("customer.reactivated", "2026-06-10", customer_id="c1")


SCORE: Final = "customer_engagement_score"
ENGAGEMENT_EXAMPLES: Final[dict[str, list[Stage]]] = {
    **{
        f"engagement {order}": [Stage(told(order), "today", "2026-06-15", {SCORE: 4.5})]
        for order in permutations(range(3))
    },
    "tiers": [
        Stage(tiers, "month", "2026-06-08T10:00:00Z", {SCORE: 5.0}),
        Stage(lambda feed: None, "month", "2026-06-22T10:00:00Z", {SCORE: 1.25}),
    ],
    "leaves and returns": [
        Stage(leaves_and_returns, "month", "2026-06-10", {SCORE: None}),
        Stage(returns, "month", "2026-06-17", {SCORE: 2.5}),
    ],
}
