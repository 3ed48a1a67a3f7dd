"""Marketing touches, and what of a sale each is credited. Rules: kpi-precise "Marketing touch" and "marketing_roi".

The four models are the field's own (Snowplow's attribution package has the same ones).
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

from kpis.channels import external_referrer, has_campaign
from kpis.messages import is_opt_out

MODELS: Final = ("linear", "first", "last", "position")
# What can be a marketing touch: the setting ``touch_types`` narrows it.
TOUCH_TYPES: Final = (
    "crm.page.viewed", "crm.link.clicked", "crm.email.clicked", "crm.social.liked", "crm.social.commented",
    "crm.social.shared", "crm.social.followed", "crm.social.mentioned", "crm.social.messaged", "crm.form.submitted",
    "crm.meeting.held", "crm.call.ended",
)  # fmt: skip


class Touch(NamedTuple):
    """A marketing touch, ms; in this order where two are at the same time."""

    time: int
    channel: str
    campaign: str


def is_marketing_touch(type_: str, data: dict[str, Any]) -> bool:
    """Whether an event of one of TOUCH_TYPES is a marketing touch."""
    if type_ == "crm.page.viewed":
        return has_campaign(data) or external_referrer(data) is not None
    if type_ == "crm.call.ended":
        return bool(data.get("direction") == "inbound")
    if type_.startswith("crm.email."):
        return not data.get("bulk") and not (type_ == "crm.email.clicked" and is_opt_out(data))
    return True


@lru_cache(maxsize=1024)
def weights(model: str, count: int) -> tuple[int, ...]:
    """How much each of so many touches weighs in a sale, in order of time."""
    if model in ("first", "last"):
        whole = 0 if model == "first" else count - 1
        return tuple(int(place == whole) for place in range(count))
    if model == "linear" or count < 3:
        return (1,) * count
    # 40 % for the first and the last, the others share 20 %.
    return (2 * (count - 2), *(1,) * (count - 2), 2 * (count - 2))


def split(amount: int, parts: Sequence[int]) -> list[int]:
    """Minor units by largest remainder; of equal remainders the earlier one's."""
    whole = sum(parts)
    found = [amount * part // whole for part in parts]
    left = amount - sum(found)
    if left:
        by_rest = sorted(range(len(parts)), key=lambda place: (-(amount * parts[place] % whole), place))
        for place in by_rest[:left]:
            found[place] += 1
    return found


def credits(model: str, touches: Sequence[Touch], amount: int) -> dict[tuple[str, str], int]:
    """Minor units of a sale by channel and campaign of its touches; who gets no share is not in it."""
    found: dict[tuple[str, str], int] = {}
    parts = weights(model, len(touches))
    for touch, part, given in zip(touches, parts, split(amount, parts), strict=True):
        if part:
            pair = touch[1:]
            found[pair] = found.get(pair, 0) + given
    return found
