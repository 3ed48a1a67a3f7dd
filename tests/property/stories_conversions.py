"""Stories of clicks, forms and landing pages, with the results they state."""

from typing import Any, Final

from recount.windows import DAY, MINUTE
from tests.feed import Feed
from tests.property.example_stories import JUNE, Stage


def view(feed: Feed, visitor: str, at: int, **data: Any) -> None:
    """A page view."""
    feed.add("page.viewed", at, anonymous_id=visitor, url="https://a.example/offer?x=1#top", **data)


def landings(feed: Feed) -> None:
    """1,500 visitors, 60 who convert, 75 conversions; one converts exactly 7 days later, which is too late."""
    for number in range(1_500):
        view(feed, f"v{number}", JUNE + number * 1_000, session_id=f"s{number}")
    for number in range(75):
        feed.add("form.submitted", JUNE + DAY + number, anonymous_id=f"v{number % 60}", form_id="f")
    feed.add("lead.created", JUNE + 7 * DAY + 100_000, anonymous_id="v100", lead_id="l")


def clicks(feed: Feed) -> None:
    """500 clicks, 65 of them too young; 35 others convert, by the visitor or by the click id."""
    for number in range(500):
        at = JUNE + number if number < 435 else JUNE + 10 * DAY
        feed.add("link.clicked", at, anonymous_id=f"v{number}", link_url="/", click_id=f"k{number}")
    for number in range(35):
        who: dict[str, Any] = {"anonymous_id": f"v{number}"} if number % 2 else {"click_id": f"k{number}"}
        feed.add("user.signed_up", JUNE + 3 * DAY, user_id=f"u{number}", **who)


def forms(feed: Feed) -> None:
    """400 starts, 120 sent; 10 sent without a start."""
    for number in range(400):
        feed.add("form.started", JUNE + number, anonymous_id=f"v{number}", form_id="f", session_id="s")
    for number in range(130):
        name = f"v{number}" if number < 120 else f"w{number}"
        feed.add("form.submitted", JUNE + 5 * MINUTE, anonymous_id=name, form_id="f", session_id="s")


def one_click(feed: Feed) -> None:
    """A click, and nothing after it."""
    feed.add("link.clicked", JUNE + 1, anonymous_id="v", link_url="/")


LANDED: Final = {"landing_page_conversion_rate": 0.04, "landing_page_conversion_rate.open": 1_440}
CLICKED: Final = {"clicks_without_conversion_rate": 400 / 435, "clicks_without_conversion_rate.open": 65}
CONVERSION_EXAMPLES: Final[dict[str, list[Stage]]] = {
    "landing pages": [
        Stage(landings, "month", "2026-06-08", LANDED),
        Stage(lambda feed: None, "month", "2026-06-20", {**LANDED, "landing_page_conversion_rate.open": 0}),
    ],
    "clicks": [Stage(clicks, "month", "2026-06-15", CLICKED)],
    "forms": [
        Stage(forms, "month", "2026-06-01T00:30:00Z", {"form_abandonment_rate.open": 400}),
        Stage(lambda feed: None, "month", "2026-06-01T00:46:00Z",
              {"form_abandonment_rate": 0.7, "form_abandonment_rate.open": 0}),
    ],
    "scenario 11": [
        Stage(one_click, "24h", "2026-06-08T00:15:00Z",
              {"clicks_without_conversion_rate": None, "clicks_without_conversion_rate.open": 1}),
        Stage(lambda feed: None, "24h", "2026-06-08T00:30:00Z",
              {"clicks_without_conversion_rate": 1.0, "clicks_without_conversion_rate.open": 0}),
    ],
}  # fmt: skip
