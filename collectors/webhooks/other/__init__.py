"""Webhooks of telephony, support, payments, shops, social networks and surveys."""

from typing import Final

from collectors.webhooks.other import (
    aircall,
    intercom,
    meta_comments,
    shopify,
    stripe,
    twilio_voice,
    typeform,
    zendesk,
)
from collectors.webhooks.provider import Provider

PROVIDERS: Final[tuple[Provider, ...]] = (
    twilio_voice.PROVIDER, aircall.PROVIDER, zendesk.PROVIDER, intercom.PROVIDER, stripe.PROVIDER, shopify.PROVIDER,
    meta_comments.PROVIDER, typeform.PROVIDER,
)  # fmt: skip
