"""The channel of a touch. Rules: kpi-precise "Marketing touch"; a shortened form of GA4's default channel groups.

Source: support.google.com/analytics/answer/9756891. Shopping, cross-network and the long lists of sites are omitted.
"""

import re
from functools import lru_cache
from typing import Any, Final
from urllib.parse import urlsplit

SEARCH: Final = (
    "google", "bing", "yahoo", "duckduckgo", "baidu", "yandex", "ecosia", "qwant", "brave", "startpage", "seznam",
    "naver", "ask", "aol",
)  # fmt: skip
SOCIAL: Final = (
    "facebook", "fb", "instagram", "ig", "linkedin", "lnkd", "twitter", "t", "x", "tiktok", "pinterest", "reddit",
    "mastodon", "threads", "bluesky", "bsky", "snapchat", "vk", "quora", "telegram", "whatsapp", "xing",
)  # fmt: skip
VIDEO: Final = (
    "youtube", "youtu", "vimeo", "twitch", "dailymotion",
)  # fmt: skip
SITES: Final = dict.fromkeys(SEARCH, "search") | dict.fromkeys(SOCIAL, "social") | dict.fromkeys(VIDEO, "video")
PAID: Final = re.compile(r".*cp.*|ppc|retargeting|paid.*")
SECOND_LEVEL: Final = frozenset({"co", "com", "org", "net", "ac", "gov"})
UNTAGGED: Final = frozenset({"", "none", "(none)", "(not set)"})
BY_MEDIUM: Final = {
    **dict.fromkeys(("display", "banner", "expandable", "interstitial", "cpm"), "display"),
    **dict.fromkeys(
        ("social", "social-network", "social-media", "sm", "social network", "social media"), "organic social"
    ),
    "organic": "organic search",
    "affiliate": "affiliates",
    **dict.fromkeys(("referral", "app", "link"), "referral"),
    "audio": "audio",
}
EITHER: Final = {**dict.fromkeys(("email", "e-mail", "e_mail", "e mail"), "email"), "sms": "sms"}
CAMPAIGN: Final = ("name", "source", "medium", "term", "content")
LONGEST: Final = 200


def label_of(data: dict[str, Any]) -> str | None:
    """An event's channel: its ``source``, else its campaign's group, else its referrer's class; None: it has none."""
    source = data.get("source")
    if source not in (None, ""):
        return str(source)[:LONGEST]
    if has_campaign(data):
        campaign = data["campaign"]
        return campaign_group(str(campaign.get("source") or ""), str(campaign.get("medium") or ""))
    host = external_referrer(data)
    return None if not host else referrer_class(host) if len(host) < LONGEST else referrer_class.__wrapped__(host)


def has_campaign(data: dict[str, Any]) -> bool:
    """Whether an event carries a campaign with any value."""
    campaign = data.get("campaign")
    return isinstance(campaign, dict) and any(campaign.get(name) not in (None, "") for name in CAMPAIGN)


@lru_cache(maxsize=4096)
def campaign_group(source: str, medium: str) -> str:
    """The channel group of a campaign's source and medium; `unassigned` if no rule applies."""
    source, medium = source.strip().lower(), medium.strip().lower()
    if source == "direct" and medium in UNTAGGED:
        return "direct"
    site = SITES.get(_site(source))
    if PAID.fullmatch(medium):
        return f"paid {site}" if site else BY_MEDIUM.get(medium, "paid other")
    group = BY_MEDIUM.get(medium)
    if group == "display":
        return group
    if site == "social" or group == "organic social":
        return "organic social"
    if site == "video" or "video" in medium:
        return "organic video"
    if site == "search":
        return "organic search"
    return group or EITHER.get(source) or EITHER.get(medium) or _push(medium)


def _push(medium: str) -> str:
    pushed = medium.endswith("push") or "mobile" in medium or "notification" in medium
    return "mobile push notifications" if pushed else "unassigned"


@lru_cache(maxsize=4096)
def referrer_class(host: str) -> str:
    """The channel of an external referrer: organic search, social or video by site, else referral."""
    site = SITES.get(_site(host))
    return f"organic {site}" if site else "referral"


def external_referrer(data: dict[str, Any]) -> str | None:
    """The host of a referrer on a different site from the page; subdomains are the same site."""
    there = _host(data.get("referrer"))
    if not there:
        return None
    page = _host(data.get("url"))
    same = page and (page == there or page.endswith(f".{there}") or there.endswith(f".{page}"))
    return None if same else there


def _host(url: Any) -> str:
    if not url:
        return ""
    try:
        return (urlsplit(str(url)).hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def _site(name: str) -> str:
    """The name of a site: ``google`` for ``www.google.co.uk``."""
    parts = name.split(".")
    if len(parts) > 2 and parts[-2] in SECOND_LEVEL:
        parts.pop()
    return parts[-2] if len(parts) > 1 else parts[0]
