"""The KPI document, as readers get it. Its shape is events.md's; the JSON Schema is generated from this model."""

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

Window = Literal[
    "15m",
    "1h",
    "24h",
    "7d",
    "30d",
    "90d",
    "365d",
    "today",
    "week",
    "month",
    "quarter",
    "year",
    "yesterday",
    "last_week",
    "last_month",
    "last_quarter",
    "last_year",
    "all",
]
Status = Literal["no_data", "partial", "low_n", "ok", "stale"]
State = Literal["live", "final", "corrected"]
DecimalText = Annotated[str, Field(pattern=r"^-?[0-9]+(\.[0-9]+)?$")]
Quantity = int | float | DecimalText | None
"""Money and money per day are decimal text in the reporting currency, everything else numbers; null: no data."""


class KpiDocument(BaseModel):
    """One number: a KPI in a window and a segment, with its components."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kpi: str
    window: Window
    segment: Annotated[dict[str, str], Field(max_length=1)]
    value: Quantity
    unit: str
    numerator: Quantity = None
    denominator: Quantity = None
    n: int
    status: Status
    state: State
    start: AwareDatetime | None  # null: the window `all` of a tenant without events
    end: AwareDatetime
    tz: str
    as_of: AwareDatetime
    watermark: AwareDatetime | None
    late_revised: Annotated[int, Field(ge=0)]
    definition: int
    rev: Annotated[str, Field(pattern=r"^[0-9]+\.[0-9]+$")] | None = None

    parts: dict[str, Any] | None = None
    open: Quantity = None
    unpriced: int | None = None
    excluded: int | None = None
    margin: float | None = None
    bound: Quantity = None
    currency: str | None = None
    target: Quantity = None
    previous: Any = None
