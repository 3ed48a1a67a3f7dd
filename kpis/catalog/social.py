"""Social networks: interactions and sentiment."""

from kpis.catalog.row import Kpi
from kpis.facts.event_types import CHANNEL_EVENTS
from kpis.facts.touches import MENTION_TYPES, SENTIMENT
from kpis.formulas import common as f
from kpis.formulas.social import sentiment


def social() -> tuple[Kpi, ...]:
    acts, up, down = f.flow("social"), f.flow("mentions.positive"), f.flow("mentions.negative")
    judged = tuple(sorted(type_ + SENTIMENT for type_ in MENTION_TYPES))
    engaged, opinion = f.ratio(acts, f.flow("impressions")), f.ratio(up, f.plus(up, down))
    return (
        Kpi("social_interactions", "Social interactions", "count", f.count(acts), CHANNEL_EVENTS["social"], "touch"),
        Kpi("social_engagement_rate", "Social engagement rate", "ratio", engaged, ("crm.social.",), "touch"),
        Kpi("social_sentiment", "Social sentiment", "index", sentiment, judged, "touch"),
        Kpi("social_sentiment_opinionated", "Social sentiment, opinionated only", "ratio", opinion, judged, "touch"),
    )
