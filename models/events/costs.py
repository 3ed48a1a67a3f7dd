"""A tenant's costs, targets and exchange rates."""

from typing import Annotated, Final, Literal, Required

from pydantic import Strict, StringConstraints

from models.events.common import (
    Amount,
    Campaign,
    Common,
    Currency,
    Id,
    Label,
    LocalDate,
    Shapes,
    Table,
)

TOPIC: Final = "crm.costs.v1"
_Name = Annotated[str, Strict(), StringConstraints(min_length=1, max_length=128)]


class CostRecorded(Common, total=False):
    """Money spent over local days, both ends included."""

    cost_id: Required[Id]
    amount: Required[Amount]
    currency: Required[Currency]
    purpose: Required[Literal["acquisition", "retention", "other"]]
    category: Literal["marketing", "sales", "other"]
    period_start: LocalDate
    period_end: LocalDate
    channel: Label
    campaign: Campaign | Label  # type: ignore[misc]  # a cost may name its campaign as plain text


class TargetSet(Common, total=False):
    """A target for one KPI and window; ``value`` null withdraws it."""

    kpi: Required[_Name]
    window: Required[_Name]
    value: Required[Amount | None]
    segment: Table


class RateSet(Common, total=False):
    """An exchange rate: 1 ``base`` is ``rate`` ``quote``."""

    base: Required[Currency]
    quote: Required[Currency]
    rate: Required[Amount]
    date: LocalDate


SHAPES: Final[Shapes] = {"cost.recorded": CostRecorded, "target.set": TargetSet, "fx.rate_set": RateSet}
