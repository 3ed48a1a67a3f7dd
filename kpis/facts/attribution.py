"""Marketing touches, and the share of a sale credited to each. Rules: kpi-precise "Marketing touch", "marketing_roi".

The four attribution models are standard; Snowplow's attribution package has the same.
"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from kpis.facts.channels import external_referrer, has_campaign
from kpis.facts.emails import is_opt_out

UNKNOWN: Final = "unknown"  # the channel or campaign of a touch that has none
DIRECT: Final = "direct"
MODELS: Final = ("linear", "first", "last", "position")
# Event types that can be marketing touches; the setting ``touch_types`` narrows them.
TOUCH_TYPES: Final = (
    "crm.page.viewed", "crm.link.clicked", "crm.email.clicked", "crm.social.liked", "crm.social.commented",
    "crm.social.shared", "crm.social.followed", "crm.social.mentioned", "crm.social.messaged", "crm.form.submitted",
    "crm.meeting.held", "crm.call.ended",
)  # fmt: skip


class Touch(NamedTuple):
    """A marketing touch at ``time`` ms; touches sort by these fields in order."""

    time: int
    channel: str
    campaign: str

    @property
    def origin(self) -> tuple[str, str]:
        """The (channel, campaign) that a sale is credited to."""
        return self.channel, self.campaign


def is_marketing_touch(type_: str, data: dict[str, Any]) -> bool:
    """Whether an event of one of TOUCH_TYPES is a marketing touch."""
    if type_ == "crm.page.viewed":
        return has_campaign(data) or external_referrer(data) is not None
    if type_ == "crm.call.ended":
        return bool(data.get("direction") == "inbound")
    if type_.startswith("crm.email."):
        return not data.get("bulk") and not (type_ == "crm.email.clicked" and is_opt_out(data))
    return True


Run = tuple[int, int]  # (weight, number): consecutive touches of equal weight


def weights(model: str, count: int) -> list[Run]:
    """The weight of each of ``count`` touches in a sale, in order of time."""
    if model == "first":
        return [(1, 1), (0, count - 1)]
    if model == "last":
        return [(0, count - 1), (1, 1)]
    if model == "linear" or count < 3:
        return [(1, count)]
    # 40 % each for the first and the last; the others share 20 %.
    return [(2 * (count - 2), 1), (1, count - 2), (2 * (count - 2), 1)]


def split(amount: int, runs: Sequence[Run]) -> list[int]:
    """Split minor units by largest remainder; of equal remainders, the earlier touch gets the unit."""
    whole = sum(part * count for part, count in runs)
    left = amount - sum(amount * part // whole * count for part, count in runs)
    more = [0] * len(runs)  # how many touches of a run get an extra unit
    for place in sorted(range(len(runs)), key=lambda place: -(amount * runs[place][0] % whole)):
        more[place] = min(left, runs[place][1])
        left -= more[place]
    return [
        minor
        for (part, count), above in zip(runs, more, strict=True)
        for minor in (*[amount * part // whole + 1] * above, *[amount * part // whole] * (count - above))
    ]


def credits(model: str, touches: Sequence[Touch], amount: int) -> dict[tuple[str, str], int]:
    """Minor units of a sale by (channel, campaign) of its touches, without those of weight 0."""
    found: dict[tuple[str, str], int] = {}
    runs = weights(model, len(touches))
    weighs = (part for part, count in runs for _ in range(count))
    for touch, part, given in zip(touches, weighs, split(amount, runs), strict=True):
        if part:
            pair = touch.origin
            found[pair] = found.get(pair, 0) + given
    return found


class Horizon(NamedTuple):
    """Which further touches may change what was derived from a subject's touches.

    ``first``: its first touch (ms); an earlier touch, or its first page view, changes its acquisition. ``last``: its
    last sale (ms); touches up to then may change credits. ``fallback``: see `Journey`.
    """

    first: int
    last: int
    fallback: str

    @property
    def viewed(self) -> bool:
        """Whether the subject has viewed a page."""
        return self.fallback == DIRECT
