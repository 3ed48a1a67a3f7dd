"""Request and response models of targets, annotations and alerts, for /openapi.json."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from dashboard.shapes import Segment, Shape


class AlertAck(Shape):
    """Who has seen a change."""

    by: str
    at: str


class AlertDelivery(Shape):
    """A message to one receiver. ``error``: why the last try failed."""

    id: str
    channel: str
    address: str
    status: Literal["due", "sent", "dead"]
    attempts: int
    error: str
    done: str | None


class AlertChange(Shape):
    """A change of an alert's state: the ``number``-th of its rule."""

    rule: str
    number: int
    state: Literal["raised", "cleared"]
    at: str
    title: str
    text: str
    value: str | None
    level: str | None
    n: int | None
    ack: AlertAck | None
    deliveries: list[AlertDelivery]


class AlertRule(Shape):
    """A rule, as docs/kpi-alerts.md describes it. ``from_file``: only the settings file changes it."""

    id: str
    kind: str
    from_file: bool
    raised: bool = False
    since: str | None = None
    muted_until: str | None = None


class AlertChannel(Shape):
    """Where a rule may tell of itself."""

    name: str
    kind: str


class Alerts(Shape):
    """``watched``: a runner (`crmkpi alerts run`) has looked at the rules. The newest of the log is first."""

    watched: bool
    rules: list[AlertRule]
    log: list[AlertChange]
    channels: list[AlertChannel]


class AlertQuiet(BaseModel):
    """Hours of the tenant's clock in which nobody is told."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    start: Annotated[str, Field(alias="from", max_length=5)]
    end: Annotated[str, Field(alias="to", max_length=5)]
    days: Annotated[list[int], Field(max_length=7)] | None = None


class AlertRuleBody(BaseModel):
    """A rule without its name. Levels are numbers, or decimal text."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    kind: Annotated[str, Field(max_length=20)]
    kpi: Annotated[str, Field(max_length=64)] | None = None
    window: Annotated[str, Field(max_length=16)] | None = None
    segment: Segment | None = None
    above: float | str | None = None
    below: float | str | None = None
    clear: float | str | None = None
    direction: Annotated[str, Field(max_length=4)] | None = None
    least_n: int | None = None
    hold: Annotated[int | str | None, Field(alias="for")] = None
    quiet: Annotated[list[AlertQuiet], Field(max_length=20)] | None = None
    to: Annotated[list[Annotated[str, Field(max_length=64)]], Field(max_length=20)] | None = None
    title: Annotated[str, Field(max_length=200)] | None = None


class AlertRaise(Shape):
    """A bucket of the series in which it would have been raised."""

    bucket: str
    value: str | None


class AlertPreview(Shape):
    """``exact``: the series is of the rule's window, and not of the nearest one. ``raised_for``: buckets."""

    step: str
    exact: bool
    buckets: int
    raised: list[AlertRaise]
    raised_for: int
    first: str
    last: str


class NewTarget(BaseModel):
    """A target, as documents print it: a ratio as a fraction, an amount in major units."""

    model_config = ConfigDict(extra="forbid")

    value: Annotated[Decimal, Field(allow_inf_nan=False, max_digits=27)]


class SentTarget(Shape):
    """What was told of a target, and the id of the event that tells it."""

    kpi: str
    window: str
    segment: Segment
    value: str | None
    event: str


class PastTarget(Shape):
    """What an event said of a target."""

    time: str
    value: str | None
    id: str


class KnownTarget(Shape):
    """A target; ``value`` null: it was withdrawn."""

    kpi: str
    window: str
    segment: Segment
    value: str | None
    by: Literal["event", "file"]
    history: list[PastTarget]


class Targets(Shape):
    """All of a tenant."""

    targets: list[KnownTarget]


class Annotation(BaseModel):
    """What happened on a local day, for the charts of some KPIs, or of all."""

    model_config = ConfigDict(extra="forbid")

    day: date
    text: Annotated[str, Field(min_length=1, max_length=200)]
    kind: Literal["campaign", "price", "release", "other"] = "other"
    kpis: Annotated[list[Annotated[str, Field(max_length=64)]], Field(max_length=50)] = []


class NamedAnnotation(Annotation):
    """An annotation with its name."""

    name: str
