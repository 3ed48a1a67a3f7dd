"""Examples of social life, records and tickets, with the results they state."""

from typing import Any, Final

from models.record import BOT, UNPRICED
from recount.windows import DAY, MINUTE
from tests.feed import Feed
from tests.property.example_stories import JUNE, Stage


def mentions(feed: Feed) -> None:
    """80 positive, 100 neutral, 20 negative: some told as numbers; 50 that nobody judged."""
    moods = ["positive"] * 70 + [0.4] * 10 + ["neutral"] * 90 + [0.05] * 10 + ["negative"] * 15 + [-0.06] * 5
    for number, mood in enumerate([*moods, *[None] * 50]):
        told: dict[str, Any] = {} if mood is None else {"sentiment": mood}
        feed.add("social.mentioned", JUNE + number * MINUTE, network="x", **told)
    for number in range(1000):
        feed.add("social.impression", JUNE + number, network="x")


def records(feed: Feed) -> None:
    """50 created, one of them twice, 4 merged away, 2 deleted, 7 imported."""
    for number in range(57):
        origin = "import" if number >= 50 else "ui"
        feed.add("record.created", JUNE + number * MINUTE, object="task", record_id=f"r{number}", origin=origin)
    feed.add("record.created", JUNE + DAY, object="task", record_id="r0", origin="ui")
    for number in range(1, 7):
        verb = "merged" if number < 5 else "deleted"
        feed.add(f"record.{verb}", JUNE + 2 * DAY, object="task", record_id=f"r{number}")


def tickets(feed: Feed) -> None:
    """Three tickets: an hour as told, three and five between their events."""
    for number, hours in enumerate((1, 3, 5)):
        feed.add("ticket.opened", JUNE + number * DAY, ticket_id=f"t{number}")
        told: dict[str, Any] = {"resolution_s": 3600} if hours == 1 else {}
        feed.add("ticket.resolved", JUNE + number * DAY + hours * 60 * MINUTE, ticket_id=f"t{number}", **told)


def seats(feed: Feed) -> None:
    """10 users; 8 sign in, 96 times on 12 of 30 days each."""
    for number in range(10):
        feed.add("user.signed_up", JUNE, user_id=f"u{number}")
    for number in range(96):
        feed.add("user.signed_in", JUNE + number // 8 * DAY + number * MINUTE, user_id=f"u{number % 8}")


def flags(feed: Feed) -> None:
    """Of 20 events 2 by robots, 3 without a currency, 1 in a currency that has no rate."""
    for number in range(14):
        feed.add("page.viewed", JUNE + number, anonymous_id="v1", url="/", flags=BOT * (number < 2))
    for number in range(3):
        feed.add("deal.created", JUNE + number, deal_id=f"d{number}", amount=100, flags=UNPRICED)
    feed.add("deal.created", JUNE, deal_id="d7", amount=100, currency="EUR")
    feed.add("deal.created", JUNE, deal_id="d8", amount=100, currency="USD")
    feed.add("deal.created", JUNE, deal_id="d9", amount=100, currency="SEK")
    feed.items.pop()
    feed.add("fx.rate_set", JUNE, base="EUR", quote="SEK", rate="11.5")


def till(feed: Feed) -> None:
    """Three users of one browser in June, and two of another in May: each browser is the first user's."""
    for number, user in enumerate(("ann", "bob", "cid")):
        feed.add("user.signed_in", JUNE + number * DAY, user_id=user, anonymous_id="till")
    for number, user in enumerate(("dan", "eve")):
        feed.add("user.signed_in", JUNE - (9 - number) * DAY, user_id=user, anonymous_id="kiosk")


def bob_is_ann(feed: Feed) -> None:
    """So the browser may be both's."""
    feed.add("identity.merged", JUNE + 5 * DAY, entity="user", winner_id="ann", loser_ids=["bob"])


def cid_was_first(feed: Feed) -> None:
    """Told late: the browser is cid's, and neither ann's nor bob's."""
    feed.add("user.signed_in", JUNE - DAY, received=JUNE + 6 * DAY, user_id="cid", anonymous_id="till")


ACTIVITY_EXAMPLES: Final[dict[str, list[Stage]]] = {
    "sentiment": [Stage(mentions, "month", "2026-06-20",
                        {"social_sentiment": 30.0, "social_sentiment_opinionated": 0.8, "social_interactions": 250,
                         "social_engagement_rate": 0.25, "social_sentiment.parts": {"coverage": 0.8}})],
    "records": [Stage(records, "month", "2026-06-20",
                      {"new_records_created": 50, "new_records_created_net": 44, "new_records_created_imported": 7})],
    "tickets": [Stage(tickets, "month", "2026-06-20",
                      {"tickets_opened": 3, "tickets_resolved": 3, "ticket_resolution_hours": 3.00399998})],
    "seats": [Stage(seats, "30d", "2026-07-01",
                    {"logins_per_active_user": 12.0, "stickiness": 0.4, "never_logged_in": 2})],
    "shared browser": [
        Stage(till, "month", "2026-06-20", {"received": 3, "received.parts.identity_conflict": 2}),
        Stage(bob_is_ann, "month", "2026-06-20", {"received": 4, "received.parts.identity_conflict": 1}),
        Stage(cid_was_first, "month", "2026-06-20", {"received": 5, "received.parts.identity_conflict": 2}),
        Stage(lambda feed: None, "last_month", "2026-06-20", {"received": 2, "received.parts.identity_conflict": 1}),
    ],
    "flags": [Stage(flags, "month", "2026-06-20", {"unpriced_rate": 0.2, "bot_rate": 0.1})],
}  # fmt: skip
