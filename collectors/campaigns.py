"""Where a visit came from, according to its URL: UTM tags, otherwise the click ids of ad networks.

UTM tags: https://support.google.com/analytics/answer/10917952
"""

import re
from typing import Any, Final
from urllib.parse import parse_qsl

from models.bounds import NAME_LENGTH

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_UTM: Final = {
    "utm_campaign": "name",
    "utm_source": "source",
    "utm_medium": "medium",
    "utm_term": "term",
    "utm_content": "content",
}
# Networks that put their id on paid clicks only: the campaign follows from it. Other ids just mean a click.
_CLICKS: Final[dict[str, dict[str, str]]] = {
    "gclid": {"source": "google", "medium": "cpc"},
    "gbraid": {"source": "google", "medium": "cpc"},
    "wbraid": {"source": "google", "medium": "cpc"},
    "dclid": {"source": "google", "medium": "display"},
    "msclkid": {"source": "bing", "medium": "cpc"},
    "li_fat_id": {"source": "linkedin", "medium": "cpc"},
    "ttclid": {"source": "tiktok", "medium": "cpc"},
    "twclid": {"source": "twitter", "medium": "cpc"},
    "yclid": {"source": "yandex", "medium": "cpc"},
    "fbclid": {},
}


def of_url(url: str) -> dict[str, Any]:
    """``campaign``, ``campaign_id`` and ``click_id``, as far as the query of ``url`` contains them."""
    given = {name.lower(): plain for name, value in parse_qsl(_query(url)) if (plain := _plain(value))}
    found: dict[str, Any] = {}
    campaign = {name: given[tag] for tag, name in _UTM.items() if tag in given}
    for network, means in _CLICKS.items():
        if network in given:
            found["click_id"] = given[network]
            campaign = campaign or means
            break
    if campaign:
        found["campaign"] = campaign
    if "utm_id" in given:
        found["campaign_id"] = given["utm_id"]
    return found


def of_context(campaign: Any) -> dict[str, str]:
    """A campaign as sent by a client, reduced to the fields of the contract."""
    if not isinstance(campaign, dict):
        return {}
    return {
        name: plain
        for name in _UTM.values()
        if isinstance(value := campaign.get(name), str) and (plain := _plain(value))
    }


def _plain(value: str) -> str:
    """A tag made valid as a dimension value: an odd URL must not cost us the visit."""
    return _CONTROL.sub("", value).strip()[:NAME_LENGTH].strip()


def _query(url: str) -> str:
    return url.partition("#")[0].partition("?")[2]
