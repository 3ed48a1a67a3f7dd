"""A report as data: what it shows, of which period, when, in which language, and who gets it."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, Self, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from kpis.catalog import CATALOG, Kpi
from models.attributes import is_tenant
from models.tenants import Zone

Every = Literal["day", "week", "month"]
Language = Literal["en", "fi", "it", "uk", "sw"]
LANGUAGES: Final[tuple[Language, ...]] = get_args(Language)
WINDOWS: Final[dict[Every, str]] = {"day": "yesterday", "week": "last_week", "month": "last_month"}
ROWS: Final[dict[str, Kpi]] = {kpi.id: kpi for kpi in CATALOG}
MAILBOX: Final = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")


def _mailbox(text: str) -> str:
    if not MAILBOX.fullmatch(text) or ".." in text:
        raise ValueError("not an e-mail address such as anna@example.com")
    return text


def _known(kpi: str) -> str:
    if kpi not in ROWS:
        raise ValueError(f"no such KPI: {kpi[:64]} (crmkpi kpis list shows all)")
    return kpi


def _tenant(name: str) -> str:
    if not is_tenant(name):
        raise ValueError("a tenant's name must match [a-z0-9_-]{1,64}")
    return name


Mailbox = Annotated[str, AfterValidator(_mailbox)]
KpiId = Annotated[str, AfterValidator(_known)]
TenantName = Annotated[str, AfterValidator(_tenant)]
Time = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_-]{1,64}$")]
Text = Annotated[str, StringConstraints(min_length=1, max_length=120)]


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Schedule(_Data):
    """When a report is due, by the clock of its zone. ``weekday`` (Monday is 1): if weekly, ``day``: if monthly."""

    every: Every
    at: Time = "07:00"
    weekday: Annotated[int, Field(ge=1, le=7)] = 1
    day: Annotated[int, Field(ge=1, le=28)] = 1


class Section(_Data):
    """KPIs under a heading: words of your own, or the key of ours. ``charts``: each with its last periods drawn."""

    title: Text = "section.headline"
    kpis: Annotated[tuple[KpiId, ...], Field(min_length=1, max_length=40)]
    segment: Annotated[dict[str, str], Field(max_length=1)] = {}
    charts: bool = False


class Breakdown(_Data):
    """The largest segments of a KPI in one dimension."""

    kpi: KpiId
    dimension: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    most: Annotated[int, Field(ge=1, le=20)] = 5


class Recipient(_Data):
    """Who gets a report. ``language``: other than the report's."""

    mail: Mailbox
    language: Language | None = None


class Report(_Data):
    """One report. ``zone``: of its schedule; none: the tenant's, which days, weeks and months are of in any case."""

    name: Name
    title: Text
    tenant: TenantName = "default"
    schedule: Schedule
    zone: Zone | None = None
    language: Language = "en"
    headline: KpiId
    board: Literal["sales", "marketing", "success", "ops"] | None = None  # that its link opens
    sections: Annotated[tuple[Section, ...], Field(min_length=1, max_length=12)]
    breakdowns: Annotated[tuple[Breakdown, ...], Field(max_length=6)] = ()
    to: Annotated[tuple[Recipient, ...], Field(max_length=500)] = ()
    attach: tuple[Literal["csv", "json"], ...] = ()

    @property
    def window(self) -> str:
        """The complete window its numbers are of."""
        return WINDOWS[self.schedule.every]

    def kpis(self) -> tuple[str, ...]:
        """All whose totals it reads, each once."""
        return tuple(dict.fromkeys([self.headline, *(kpi for one in self.sections for kpi in one.kpis)]))

    @model_validator(mode="after")
    def _has_numbers(self) -> Self:
        for kpi in self.kpis():
            if self.window not in ROWS[kpi].windows or ROWS[kpi].whole is None:
                raise _wrong(f"{kpi} has no number of a whole {self.schedule.every} (window {self.window})")
        if len({one.mail.lower() for one in self.to}) < len(self.to):
            raise _wrong("to: the same address twice")
        return self


def recipients(given: Any) -> Any:
    """Addresses as they may be written in a file: text alone stands for `Recipient`."""
    if not isinstance(given, list | tuple):
        return given
    return [{"mail": one} if isinstance(one, str) else one for one in given]


def merged(ready: Report, own: Mapping[str, Any]) -> dict[str, Any]:
    """A ready report with what a tenant has differently; its schedule field by field."""
    base = ready.model_dump(exclude_unset=True)
    schedule = own.get("schedule", {})
    if isinstance(schedule, Mapping):
        own = {**own, "schedule": {**base["schedule"], **schedule}}
    return {**base, **own}


def _wrong(text: str) -> PydanticCustomError:
    return PydanticCustomError("report", "{text}", {"text": text})
