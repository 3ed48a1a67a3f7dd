"""Marketing touches, and what of a sale each is credited. Rules: kpi-precise "Marketing touch" and "marketing_roi".

The four models are the field's own (Snowplow's attribution package has the same ones).
"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from kpis.facts.channels import external_referrer, has_campaign
from kpis.facts.emails import is_opt_out

UNKNOWN: Final = "unknown"  # the channel or campaign of a touch of which nothing is known
DIRECT: Final = "direct"
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

    @property
    def origin(self) -> tuple[str, str]:
        """What a sale is credited to."""
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


Run = tuple[int, int]  # so many touches in a row that weigh the same: (weight, number)


def weights(model: str, count: int) -> list[Run]:
    """How much each of so many touches weighs in a sale, in order of time."""
    if model == "first":
        return [(1, 1), (0, count - 1)]
    if model == "last":
        return [(0, count - 1), (1, 1)]
    if model == "linear" or count < 3:
        return [(1, count)]
    # 40 % for the first and the last, the others share 20 %.
    return [(2 * (count - 2), 1), (1, count - 2), (2 * (count - 2), 1)]


def split(amount: int, runs: Sequence[Run]) -> list[int]:
    """Minor units by largest remainder; of equal remainders the earlier one's."""
    whole = sum(part * count for part, count in runs)
    left = amount - sum(amount * part // whole * count for part, count in runs)
    more = [0] * len(runs)  # how many of a run get one more
    for place in sorted(range(len(runs)), key=lambda place: -(amount * runs[place][0] % whole)):
        more[place] = min(left, runs[place][1])
        left -= more[place]
    return [
        minor
        for (part, count), above in zip(runs, more, strict=True)
        for minor in (*[amount * part // whole + 1] * above, *[amount * part // whole] * (count - above))
    ]


def credits(model: str, touches: Sequence[Touch], amount: int) -> dict[tuple[str, str], int]:
    """Minor units of a sale by channel and campaign of its touches; who gets no share is not in it."""
    found: dict[tuple[str, str], int] = {}
    runs = weights(model, len(touches))
    weighs = (part for part, count in runs for _ in range(count))
    for touch, part, given in zip(touches, weighs, split(amount, runs), strict=True):
        if part:
            pair = touch.origin
            found[pair] = found.get(pair, 0) + given
    return found


class Horizon(NamedTuple):
    """What may change a subject's acquisition: touches up to the ``first``, and its first page view.

    What they may change of its credits: touches up to the ``last`` sale, ms. ``fallback``: see `Journey`.
    """

    first: int
    last: int
    fallback: str

    @property
    def viewed(self) -> bool:
        """It has seen a page."""
        return self.fallback == DIRECT
