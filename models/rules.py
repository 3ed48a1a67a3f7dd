"""Rules between the fields of an event type, which the types of the fields alone can't express."""

from collections.abc import Callable
from datetime import date
from typing import Any, Final

from models import money
from models.bounds import PERIOD_DAYS, RATE_DIGITS, TARGET_DIGITS, date_within
from models.instant import local_date
from models.refused import Refused
from models.targets import known_kpi, known_window, one_segment

Exact = Callable[[], Any]
"""Rereads the event's data with numbers as text; used only when a double may have lost digits."""
Rule = Callable[[dict[str, Any], int, bytes, Exact], None]
"""Checks (data, t in ms, the record, Exact) and may normalise data. Raises Refused."""

_EPOCH_DAY: Final = date(1970, 1, 1).toordinal()
_SCALES: Final = {"nps": (0, 10), "effort": (1, 7), "csat": (1, 5)}
SUBJECT_IDS: Final = (
    "customer_id",
    "lead_id",
    "user_id",
    "anonymous_id",
    "deal_id",
    "order_id",
    "subscription_id",
    "contract_id",
    "message_id",
    "ticket_id",
    "record_id",
    "contact_id",
)


def _score(data: dict[str, Any], time: int, raw: bytes, exact: Exact) -> None:
    low, high = _SCALES[data["survey_type"]]
    low, high = data.get("scale_min", low), data.get("scale_max", high)
    if low >= high:
        raise Refused("bad_value", "scale_max", "scale_max must be greater than scale_min")
    if not low <= data["score"] <= high:
        raise Refused("bad_value", "score", "outside this survey's scale")
    if data["survey_type"] == "nps" and (low, high) == (0, 10):
        _whole_score(data)


def _whole_score(data: dict[str, Any]) -> None:
    score = data["score"]
    if score != int(score):
        raise Refused("bad_value", "score", "NPS scores are whole numbers")
    data["score"] = int(score)


def _two_ids(data: dict[str, Any], time: int, raw: bytes, exact: Exact) -> None:
    if sum(field in data for field in SUBJECT_IDS) < 2:
        raise Refused("missing_field", "user_id", "at least two ids are required")


def _unmerged(data: dict[str, Any], time: int, raw: bytes, exact: Exact) -> None:
    if "winner_id" not in data and "loser_ids" not in data:
        _two_ids(data, time, raw, exact)
    elif "winner_id" not in data:
        raise Refused("missing_field", "winner_id")
    elif not data.get("loser_ids"):
        raise Refused("missing_field", "loser_ids")


def _one_id(data: dict[str, Any], time: int, raw: bytes, exact: Exact) -> None:
    if not any(field in data for field in SUBJECT_IDS):
        raise Refused("missing_field", "customer_id", "an id is required")


def _signed_up(data: dict[str, Any], time: int, raw: bytes, exact: Exact) -> None:
    if "user_id" not in data and "anonymous_id" not in data:
        raise Refused("missing_field", "user_id", "user_id or anonymous_id is required")


def _cost(data: dict[str, Any], time: int, raw: bytes, exact: Exact) -> None:
    first, last = (_day(data, field, time) for field in ("period_start", "period_end"))
    if "period_start" in data and "period_end" in data and last < first:
        raise Refused("bad_value", "period_end", "before period_start")
    if last - first >= PERIOD_DAYS:
        raise Refused("period_too_long", "period_end")


def _day(data: dict[str, Any], field: str, time: int) -> int:
    """Day number of a local date within range; without the field, the UTC day of the event."""
    if field not in data:
        return time // 86_400_000
    text = date_within(local_date(data[field], field), field)
    return date.fromisoformat(text).toordinal() - _EPOCH_DAY


def _rate(data: dict[str, Any], time: int, raw: bytes, exact: Exact) -> None:
    """Currencies in upper case; the rate as plain decimal text, above zero."""
    for field in ("base", "quote"):
        try:
            data[field] = money.currency(data[field])[0]
        except Refused:
            raise Refused("unknown_currency", field) from None
    data["rate"] = money.plain(data["rate"], "rate", raw, exact, magnitude=RATE_DIGITS)
    if not any(figure in "123456789" for figure in data["rate"]):
        raise Refused("bad_value", "rate", "a rate must be above zero")
    if "date" in data:
        _day(data, "date", time)


def _target(data: dict[str, Any], time: int, raw: bytes, exact: Exact) -> None:
    """Checks KPI, window and segment; the target as plain decimal text, or None if it is withdrawn."""
    known_kpi(data["kpi"])
    known_window(data["window"])
    if "segment" in data:
        data["segment"] = one_segment(data["segment"])
    if data["value"] is not None:
        data["value"] = money.plain(data["value"], "value", raw, exact, magnitude=TARGET_DIGITS, signed=True)


RULES: Final[dict[str, Rule]] = {
    "crm.survey.answered": _score,
    "crm.identity.identified": _two_ids,
    "crm.identity.unmerged": _unmerged,
    "crm.privacy.erasure_requested": _one_id,
    "crm.user.signed_up": _signed_up,
    "crm.cost.recorded": _cost,
    "crm.fx.rate_set": _rate,
    "crm.target.set": _target,
}
