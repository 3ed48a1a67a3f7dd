"""The event types that rows of the catalogue listen for. One that ends in a dot is a prefix."""

from typing import Final

from kpis.facts.attribution import TOUCH_TYPES
from kpis.facts.touches import BY_CODE, CHANNELS

DEALS: Final = ("crm.deal.",)
ORDERS: Final = ("crm.order.",)
CUSTOMERS: Final = ("crm.subscription.", "crm.order.", "crm.customer.", "crm.deal.won")
TRAFFIC: Final = ("crm.page.viewed", "crm.lead.", "crm.identity.")
MAIL: Final = ("crm.email.",)
NPS: Final = ("crm.survey.answered:nps",)
EVERY: Final = ("crm.",)
CONVERSIONS: Final = "conversion_types"  # stands for the event types of that setting
CHANNEL_EVENTS: Final = {
    channel: tuple(dict.fromkeys(kind.type for kind in BY_CODE if kind.channel == channel)) for channel in CHANNELS
}
TOUCHES: Final = tuple(event for channel in CHANNELS for event in CHANNEL_EVENTS[channel])
MARKETING: Final = tuple(dict.fromkeys(kind.type for kind in BY_CODE if kind.type.partition(":")[0] in TOUCH_TYPES))
