"""Calls, and interactions by channel."""

from kpis.catalog.row import Kpi, Vector
from kpis.facts.event_types import CHANNEL_EVENTS, TOUCHES
from kpis.facts.touches import CHANNELS
from kpis.formulas import common as f
from kpis.formulas.common import Step


def touches() -> tuple[Kpi, ...]:
    def calls(direction: str) -> f.Formula:
        return f.ratio(f.flow(f"calls.{direction}.connected"), f.flow(f"calls.{direction}"))

    call = ("crm.call.ended",)
    people, raw = f.engagement(CHANNELS, "engaged"), f.raw_engagement(CHANNELS)
    events = CHANNEL_EVENTS
    by = [Step(channel, f.engagement((channel,), f"engaged.{channel}"), events[channel]) for channel in CHANNELS]
    by_raw = [Step(channel, f.raw_engagement((channel,)), events[channel]) for channel in CHANNELS]
    return (
        Kpi("call_connect_rate", "Call connect rate", "ratio", calls("outbound"), call, "touch"),
        Kpi("call_connect_rate_inbound", "Call connect rate, inbound", "ratio", calls("inbound"), call, "touch"),
        Kpi(
            "engagement_by_channel",
            "Interactions by channel",
            "count",
            Vector("channel", lambda _: by, people),
            TOUCHES,
        ),
        Kpi(
            "engagement_by_channel_raw",
            "Interactions by channel, incl. bots",
            "count",
            Vector("channel", lambda _: by_raw, raw),
            TOUCHES,
            robots=False,
        ),
    )
