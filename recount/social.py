"""Social media: interactions, impressions and sentiment."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Final

from models.record import Row
from recount.facts import Fact, Figure, dated, ratio, share, tally
from recount.quality import Types
from recount.row import KpiRow
from recount.tenant import Tenant
from recount.web import SOCIAL

ACTS: Final = tuple(f"crm.social.{verb}" for verb in SOCIAL)
MENTIONS: Final = ("crm.social.commented", "crm.social.mentioned", "crm.social.messaged")


def mood(row: Row) -> int | None:
    """1 positive, 0 neutral, -1 negative, None if not rated."""
    value = row.data.get("sentiment")
    if value is None or isinstance(value, str):
        return {"positive": 1, "neutral": 0, "negative": -1}.get(str(value))
    return 1 if value > 0.05 else -1 if value < -0.05 else 0


def rated(facts: Sequence[Fact]) -> list[int]:
    """The moods of rated facts."""
    return [fact.what for fact in facts if fact.what is not None]


def sentiment(facts: Sequence[Fact]) -> Figure:
    """100 × (positive − negative) / rated."""
    moods = rated(facts)
    covered = Fraction(len(moods), len(facts)) if facts else None
    value = Fraction(100 * sum(moods), len(moods)) if moods else None
    return Figure(value, 100 * sum(moods), len(moods), len(moods), parts={"coverage": covered})


def opinionated(facts: Sequence[Fact]) -> Figure:
    """The share of positive among non-neutral ones."""
    moods = rated(facts)
    return ratio(moods.count(1), moods.count(1) + moods.count(-1))


def social_rows(tenant: Tenant) -> list[KpiRow]:
    """Interactions, impressions and sentiment."""

    def of(*types: str) -> list[Row]:
        return [row for row in tenant.counted if row.type in types]

    acts = dated(Fact(row.time, tenant.touch_dims(row)) for row in of(*ACTS))
    shown = dated(Fact(row.time, tenant.touch_dims(row)) for row in of("crm.social.impression"))
    mentions = dated(Fact(row.time, tenant.event_dims("mention", row), mood(row)) for row in of(*MENTIONS))
    act, social = Types(ACTS), Types(("crm.social.",))
    judged = Types(MENTIONS, lambda row: row.data.get("sentiment") is not None)
    return [
        KpiRow("social_interactions", "count", act, "touch", tally, (acts,)),
        KpiRow("social_engagement_rate", "ratio", social, "touch", share, (acts, shown), thin=True),
        KpiRow("social_sentiment", "index", judged, "mention", sentiment, (mentions,), thin=True),
        KpiRow("social_sentiment_opinionated", "ratio", judged, "mention", opinionated, (mentions,), thin=True),
    ]
