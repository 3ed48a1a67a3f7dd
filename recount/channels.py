"""A touch's channel: the default channel groups of GA4, shortened, in lower case."""

import re
from typing import Any, Final
from urllib.parse import urlsplit

from models.record import Row
from models.settings import TenantSettings
from recount.facts import inner, text
from recount.mail import is_click

SEARCH: Final = {
    "aol", "ask", "baidu", "bing", "brave", "duckduckgo", "ecosia", "google", "naver", "qwant", "seznam", "startpage",
    "yahoo", "yandex",
}  # fmt: skip
SOCIAL: Final = {
    "bluesky", "bsky", "facebook", "fb", "ig", "instagram", "linkedin", "lnkd", "mastodon", "pinterest", "quora",
    "reddit", "snapchat", "t", "telegram", "threads", "tiktok", "twitter", "vk", "whatsapp", "x", "xing",
}  # fmt: skip
VIDEO: Final = {
    "dailymotion", "twitch", "vimeo", "youtu", "youtube",
}  # fmt: skip
POSSIBLE: Final = TenantSettings().touch_types
PAID: Final = re.compile(r".*cp.*|ppc|retargeting|paid.*")
TAGS: Final = ("name", "source", "medium", "term", "content")


def site(name: str) -> str:
    """The name of a site: ``google`` for ``www.google.co.uk``."""
    parts = name.strip().lower().split(".")
    if len(parts) > 2 and parts[-2] in ("co", "com", "org", "net", "ac", "gov"):
        parts.pop()
    return parts[-2] if len(parts) > 1 else parts[0]


def kind_of_site(name: str) -> str | None:
    """Search engine, social network or video site."""
    short = site(name)
    return "search" if short in SEARCH else "social" if short in SOCIAL else "video" if short in VIDEO else None


def group(source: str, medium: str) -> str:
    """The channel group of a campaign's source and medium."""
    source, medium, kind = source.strip().lower(), medium.strip().lower(), kind_of_site(source)
    paid = PAID.fullmatch(medium) is not None
    rules = [
        ("direct", source == "direct" and medium in ("", "none", "(none)", "(not set)")),
        (f"paid {kind}", paid and kind is not None),
        ("display", medium in ("display", "banner", "expandable", "interstitial", "cpm")),
        ("paid other", paid),
        (
            "organic social",
            kind == "social"
            or medium in ("social", "social-network", "social-media", "sm", "social network", "social media"),
        ),
        ("organic video", kind == "video" or "video" in medium),
        ("organic search", kind == "search" or medium == "organic"),
        ("email", {source, medium} & {"email", "e-mail", "e_mail", "e mail"}),
        ("affiliates", medium == "affiliate"),
        ("referral", medium in ("referral", "app", "link")),
        ("audio", medium == "audio"),
        ("sms", "sms" in (source, medium)),
        ("mobile push notifications", medium.endswith("push") or "mobile" in medium or "notification" in medium),
    ]
    return next((name for name, holds in rules if holds), "unassigned")


def host(url: object) -> str:
    """The host of a URL, without ``www.``; empty if there is none."""
    try:
        return (urlsplit(str(url or "")).hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def outside(row: Row) -> str | None:
    """The host of an external referrer."""
    page, there = host(row.data.get("url")), host(row.data.get("referrer"))
    inside = page and there and (page == there or page.endswith(f".{there}") or there.endswith(f".{page}"))
    return there if there and not inside else None


def tagged(row: Row) -> bool:
    """Whether an event carries a campaign."""
    return any(inner(row.data, "campaign", tag) is not None for tag in TAGS)


def label(row: Row) -> str | None:
    """A touch's channel, as far as the event itself gives it."""
    if (given := text(row.data.get("source"))) is not None:
        return given
    if tagged(row):
        return group(inner(row.data, "campaign", "source") or "", inner(row.data, "campaign", "medium") or "")
    there = outside(row)
    kind = kind_of_site(there) if there else None
    return f"organic {kind}" if kind else there and "referral"


def is_marketing(row: Row, types: tuple[str, ...]) -> bool:
    """Whether an event is a marketing touch."""
    data: dict[str, Any] = row.data
    if row.type.removeprefix("crm.") not in {*types} & {*POSSIBLE}:
        return False
    if row.type == "crm.page.viewed":
        return tagged(row) or outside(row) is not None
    if row.type == "crm.call.ended":
        return bool(data.get("direction") == "inbound")
    return not row.type.startswith("crm.email.") or not (data.get("bulk") or is_opt_out(row))


def is_opt_out(row: Row) -> bool:
    """A click on an unsubscribe link."""
    return row.type == "crm.email.clicked" and not is_click(row)
