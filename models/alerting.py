"""Alert rules as data: what is watched, when it is raised and cleared, and who is told."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, Final, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from models.attributes import is_tenant
from models.kpi import Window
from models.kpi_ids import KPI_IDS
from models.tenants import ClockTime

Kind = Literal["threshold", "off_pace", "changed", "no_data", "lag", "dead_letters", "quarantine"]
OF_KPIS: Final = ("threshold", "off_pace", "changed", "no_data")
LEVELS: Final[Mapping[str, tuple[str, Decimal]]] = {
    "off_pace": ("below", Decimal("0.9")),
    "lag": ("above", Decimal(60)),
    "dead_letters": ("above", Decimal(0)),
    "quarantine": ("above", Decimal(0)),
}
"""Levels of the kinds that need not be told one."""
_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_DURATION: Final = re.compile(r"([0-9]{1,6})([smhd])")
LONGEST_S: Final = 90 * 86_400


def _wrong(text: str) -> PydanticCustomError:
    return PydanticCustomError("combination", "{text}", {"text": text})


def duration(text: object) -> object:
    """Seconds of ``90s``, ``10m``, ``2h`` or ``1d``; what is no text is left to the type."""
    if not isinstance(text, str):
        return text
    if not (found := _DURATION.fullmatch(text)):
        raise ValueError("must look like 90s, 10m, 2h or 1d")
    return int(found[1]) * _UNITS[found[2]]


def _known_kpi(name: str) -> str:
    if name not in KPI_IDS:
        raise ValueError(f"no such KPI: {name[:40]} (crmkpi kpis list shows all)")
    return name


Seconds = Annotated[int, BeforeValidator(duration), Field(ge=0, le=LONGEST_S)]
RuleId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
Level = Annotated[Decimal, Field(max_digits=30, allow_inf_nan=False)]


class Quiet(BaseModel):
    """Hours of the tenant's local clock in which nobody is told; ``to`` before ``from``: until the next day.

    days: on which they begin, Monday is 1. What is still so when they end is told then.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    start: Annotated[ClockTime, Field(alias="from")]
    end: Annotated[ClockTime, Field(alias="to")]
    days: Annotated[tuple[Annotated[int, Field(ge=1, le=7)], ...], Field(min_length=1)] = (1, 2, 3, 4, 5, 6, 7)

    @model_validator(mode="after")
    def _some(self) -> Self:
        if self.start == self.end:
            raise _wrong("quiet: from and to are the same; write 00:00 to 24:00 for the whole day")
        return self

    def holds(self, now: int, zone: ZoneInfo) -> bool:
        """Whether ``now``, ms UTC, is within them by the clock of ``zone``."""
        local = datetime.fromtimestamp(now / 1000, zone)
        clock, today = f"{local:%H:%M}", local.isoweekday()
        if self.start < self.end:
            return self.start <= clock < self.end and today in self.days
        yesterday = (local.date() - timedelta(days=1)).isoweekday()
        return (clock >= self.start and today in self.days) or (clock < self.end and yesterday in self.days)


class Rule(BaseModel):
    """One rule of one tenant, immutable.

    above, below: beyond it the rule is raised; clear: back beyond it, it is cleared (default: the same level). The
    space between the two is hysteresis. for: how long, in seconds or as ``10m``, either must have been so. least_n:
    below that many, a document is no reason for anything. to: names of channels.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    id: RuleId
    tenant: str
    kind: Kind
    kpi: Annotated[str, AfterValidator(_known_kpi)] | None = None
    window: Window | None = None
    segment: Annotated[dict[str, str], Field(max_length=1)] = {}
    above: Level | None = None
    below: Level | None = None
    clear: Level | None = None
    direction: Literal["up", "down", "any"] = "any"  # of ``changed``
    least_n: Annotated[int, Field(ge=0)] = 0
    hold: Annotated[Seconds, Field(alias="for")] = 0
    quiet: Annotated[tuple[Quiet, ...], Field(max_length=20)] = ()
    to: Annotated[tuple[str, ...], Field(max_length=20)] = ()
    title: Annotated[str, Field(max_length=200)] = ""

    @model_validator(mode="before")
    @classmethod
    def _usual_level(cls, data: Any) -> Any:
        if isinstance(data, Mapping) and data.get("above") is None and data.get("below") is None:
            side, level = LEVELS.get(str(data.get("kind")), ("", None))
            return {**data, side: level} if side else data
        return data

    @model_validator(mode="after")
    def _combination(self) -> Self:
        if not is_tenant(self.tenant):
            raise _wrong("tenant: a tenant's name must match [a-z0-9_-]{1,64}")
        of_kpi = self.kind in OF_KPIS
        if of_kpi and (self.kpi is None or self.window is None):
            raise _wrong(f"{'window' if self.kpi else 'kpi'} is missing: a rule of kind {self.kind} needs one")
        if not of_kpi and (self.kpi or self.window or self.segment):
            raise _wrong(f"kpi, window, segment: a rule of kind {self.kind} is not about a KPI")
        self._check_levels()
        return self

    def _check_levels(self) -> None:
        if self.kind in ("changed", "no_data"):
            if not (self.above is self.below is self.clear is None):
                raise _wrong(f"above, below, clear: a rule of kind {self.kind} has no level")
            return
        if (self.above is None) == (self.below is None):
            raise _wrong("set either above or below")
        if self.clear is None:
            return
        if self.above is not None and self.clear > self.above:
            raise _wrong(f"clear: must not be greater than above, {self.above}")
        if self.below is not None and self.clear < self.below:
            raise _wrong(f"clear: must not be less than below, {self.below}")

    def is_quiet(self, now: int, zone: ZoneInfo) -> bool:
        """Whether nobody is to be told at ``now``, ms UTC, by the clock of ``zone``."""
        return any(hours.holds(now, zone) for hours in self.quiet)

    def as_json(self) -> dict[str, Any]:
        """As it is written in a file or sent by API, without what has its default."""
        return self.model_dump(mode="json", by_alias=True, exclude_defaults=True)


class AlertSettings(BaseModel):
    """``[alerts]``: the rules of all tenants, and how often they are looked at."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    rules: tuple[Rule, ...] = ()
    every_s: Annotated[float, Field(ge=0.1, le=60)] = 10.0
    keep_days: Annotated[int, Field(ge=1, le=3650)] = 90  # of the log

    @model_validator(mode="after")
    def _once(self) -> Self:
        seen = [(one.tenant, one.id) for one in self.rules]
        if twice := next((one for one in seen if seen.count(one) > 1), None):
            raise _wrong(f"rules: there are two called {twice[1]} of tenant {twice[0]}")
        return self
