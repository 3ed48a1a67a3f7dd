"""The context of a call: device, session, consent, page, campaign.

https://www.twilio.com/docs/segment/connections/spec/common#context
https://www.twilio.com/docs/segment/privacy/consent-management/consent-in-segment-connections
https://www.rudderstack.com/docs/data-governance/consent-management/
"""

from typing import Any, Final

from collectors.campaigns import of_context, of_url
from collectors.segment.values import filled, first, name, table, text

_MEASURES: Final = ("analytic", "statistic", "performance", "measure", "c0002")  # c0002: OneTrust's for performance


def carried(context: dict[str, Any]) -> dict[str, Any]:
    """The fields common to all events, from the context and its page."""
    return filled(
        {
            "ip": text(context.get("ip")),
            "user_agent": text(context.get("userAgent")),
            "locale": text(context.get("locale")),
            "session_id": name(first(context, "sessionId", "session_id")),
            "consent": consent(context.get("consent"), context.get("consentManagement")),
            **visit(table(context.get("page")), context),
        }
    )


def visit(page: dict[str, Any], context: dict[str, Any]) -> dict[str, Any]:
    """Referrer, campaign and click id: the client's own values take precedence over those in the URL."""
    url = text(page.get("url")) or ""
    found = of_url(url if "?" in url else f"?{(text(page.get('search')) or '').removeprefix('?')}")
    campaign = of_context(context.get("campaign"))
    referrer = text(page.get("referrer")) or text(table(context.get("referrer")).get("url"))
    return filled({**found, "campaign": campaign or found.get("campaign"), "referrer": referrer})


def consent(given: Any, managed: Any = None) -> str | None:
    """``granted``, ``denied`` or ``none`` (not decided yet); None if the client does not say.

    ``given``: one of these words, or Segment's preferences by category; ``managed``: RudderStack's category lists.
    The analytics category decides; if there is none, every category must be granted.
    """
    if given in ("granted", "denied", "none"):
        return str(given)
    chosen = table(table(given).get("categoryPreferences")) or _managed(table(managed))
    measuring = [yes for category, yes in chosen.items() if any(word in category.lower() for word in _MEASURES)]
    if not chosen:
        return None
    return "granted" if all(yes is True for yes in measuring or chosen.values()) else "denied"


def _managed(lists: dict[str, Any]) -> dict[str, bool]:
    allowed, denied = lists.get("allowedConsentIds"), lists.get("deniedConsentIds")
    return {
        category: yes
        for names, yes in ((allowed, True), (denied, False))
        if isinstance(names, list)
        for category in names
        if isinstance(category, str)
    }
