"""The campaign of a Google Analytics 4 event. Pure.

https://support.google.com/analytics/answer/7029846: ``collected_traffic_source`` is of the event itself (since May
2023), ``traffic_source`` of the user's very first visit: it says nothing of later ones.
"""

from typing import Any, Final

from collectors.pulled.ga4_params import Params
from collectors.segment.values import name
from collectors.webhooks.items import at, maybe

_COLLECTED: Final = {"manual_campaign_name": "name", "manual_source": "source", "manual_medium": "medium",
                     "manual_term": "term", "manual_content": "content"}  # fmt: skip
_PARAMS: Final = {"campaign": "name", "source": "source", "medium": "medium", "term": "term", "content": "content"}
_NONE: Final = ("(direct)", "(none)", "(not set)", "(organic)", "(referral)", "<Other>", "(data deleted)")


def campaign_of(row: dict[str, Any], params: Params) -> dict[str, str]:
    """The campaign in terms of UTM tags; {} if unknown."""
    collected = at(row, "collected_traffic_source")
    if isinstance(collected, dict):
        found = _words({ours: collected.get(theirs) for theirs, ours in _COLLECTED.items()})
        return found or ({"source": "google", "medium": "cpc"} if maybe(collected, "gclid") else {})
    if found := _words({ours: params.text(theirs) for theirs, ours in _PARAMS.items()}):
        return found
    if params.text("entrances") == "1" and params.text("ga_session_number") == "1":
        return _words({field: at(row, f"traffic_source.{field}") for field in ("name", "source", "medium")})
    return {}


def _words(found: dict[str, Any]) -> dict[str, str]:
    plain = {field: word for field, value in found.items() if (word := name(value)) and word not in _NONE}
    return plain if plain.keys() & {"name", "source", "medium"} else {}
