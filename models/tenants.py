"""A tenant's settings for its numbers."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal, get_args
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from models import money
from models.attributes import is_tenant
from models.kpi import Window
from models.kpi_ids import KPI_IDS
from models.refused import Refused
from models.settings_error import SettingsError
from models.targets import FileTarget


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:  # not found, a path outside the database, or a folder in it
        raise ValueError("no such time zone (use an IANA name such as Europe/Helsinki)") from error
    return name


def _currency(code: str) -> str:
    try:
        return money.currency(code)[0]
    except Refused as refused:
        raise ValueError("not an ISO 4217 currency code") from refused


def _known(names: tuple[str, ...], every: Sequence[str], what: str) -> tuple[str, ...]:
    """Names in the order of ``every``. Raises ValueError with the unknown ones."""
    if unknown := sorted({name for name in names if name not in every}):
        raise ValueError(f"no such {what}: {', '.join(name[:40] for name in unknown[:5])}")
    return tuple(name for name in every if name in names)


def _kpis(names: tuple[str, ...]) -> tuple[str, ...]:
    return _known(names, KPI_IDS, "KPI (crmkpi kpis list shows all)")


def _windows(names: tuple[str, ...]) -> tuple[str, ...]:
    return _known(names, get_args(Window), f"window (one of {' '.join(get_args(Window))})")


def _once(targets: tuple[FileTarget, ...]) -> tuple[FileTarget, ...]:
    """Each KPI, window and segment has one target."""
    named = [(one.kpi, one.window, *one.segment.items()) for one in targets]
    if twice := next((name for name in named if named.count(name) > 1), None):
        raise ValueError(f"two targets for {twice[0]} in {twice[1]}")
    return targets


Zone = Annotated[str, AfterValidator(_zone)]
CurrencyCode = Annotated[str, AfterValidator(_currency)]
Days = Annotated[int, Field(ge=1, le=3650)]
EventType = Annotated[str, Field(pattern=r"^[a-z_]{1,40}\.[a-z_]{1,40}$")]  # without ``crm.``
ClockTime = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$")]
Score = Annotated[int, Field(ge=0, le=10_000)]


class TenantSettings(BaseModel):
    """One tenant's settings, immutable. Each default is the first value in kpi-precise.md C."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    tz: Zone = "UTC"
    currency: CurrencyCode = "EUR"
    dimensions: Annotated[tuple[str, ...], Field(max_length=16)] = ()
    segment_cap: Annotated[int, Field(ge=1, le=1000)] = 50
    late_threshold_s: Annotated[int, Field(ge=0)] = 600
    low_n: Annotated[int, Field(ge=0)] = 30
    customer_is: Literal["person", "account"] = "person"
    match_on: tuple[Literal["email_hash", "phone_hash"], ...] = ()
    revenue_from: Literal["orders", "deals", "both"] = "orders"
    net_of_tax: bool = True
    margin: Annotated[Decimal, Field(ge=0, le=1, max_digits=9)] = Decimal(1)
    inactivity_days: Days = 90
    won_stages: tuple[str, ...] = ("won", "closedwon", "closed_won")
    lost_stages: tuple[str, ...] = ("lost", "closedlost", "closed_lost")
    qualified_stages: tuple[str, ...] = ()  # stages of the open pipeline; none: all
    stale_days: Days = 90
    abandoned_days: Days = 14
    conversion_types: tuple[EventType, ...] = (
        "form.submitted", "lead.created", "user.signed_up", "order.completed", "deal.won",
    )  # fmt: skip
    conversion_days: Literal[7, 30] = 7  # lengths that windows have, so that `open` is exact
    landing_pages: tuple[str, ...] = ()  # paths; none: each session's entry page
    touch_types: tuple[EventType, ...] = (
        "page.viewed", "link.clicked", "email.clicked", "social.liked", "social.commented", "social.shared",
        "social.followed", "social.mentioned", "social.messaged", "form.submitted", "meeting.held", "call.ended",
    )  # fmt: skip
    attribution_days: Days = 30
    lead_to_opportunity_basis: Literal["period", "cohort"] = "period"
    email_rates_basis: Literal["cohort", "period"] = "cohort"
    nps_buckets: tuple[int, int] = (6, 8)  # the highest detractor and the highest passive score
    nps_scales: Mapping[str, tuple[int, int]] = {}  # the same for other scales, keyed by their ends: "1-5"
    weights: Mapping[EventType, Annotated[int, Field(ge=0, le=1000)]] = {
        "page.viewed": 1, "link.clicked": 3, "email.opened": 1, "email.clicked": 3, "social.liked": 2,
        "social.commented": 2, "social.shared": 2, "social.followed": 2, "social.mentioned": 2, "social.messaged": 2,
        "call.ended": 8, "meeting.held": 10, "user.signed_in": 2, "form.submitted": 5, "order.completed": 20,
    }  # fmt: skip
    tiers: tuple[Score, Score] = (1, 5)  # scores from which a customer is warm, and hot
    workdays: tuple[Annotated[int, Field(ge=1, le=7)], ...] = (1, 2, 3, 4, 5, 6, 7)  # Monday is 1
    work_hours: tuple[ClockTime, ClockTime] = ("00:00", "24:00")  # local time
    holidays: tuple[date, ...] = ()
    kpis: Annotated[tuple[str, ...], AfterValidator(_kpis)] = ()  # counted and published; none: all
    windows: Annotated[tuple[str, ...], AfterValidator(_windows)] = ()  # the same
    targets: Annotated[tuple[FileTarget, ...], AfterValidator(_once)] = ()  # until an event says another

    @property
    def zone(self) -> ZoneInfo:
        """The tenant's time zone, cached by zoneinfo."""
        return ZoneInfo(self.tz)


class TenantBook(Mapping[str, TenantSettings]):
    """Every tenant's settings. Unconfigured tenants have the defaults; iteration yields configured ones only."""

    def __init__(
        self,
        default: TenantSettings | None = None,
        tenants: Mapping[str, TenantSettings] | None = None,
        *,
        open_: bool = True,
    ) -> None:
        self.default = default or TenantSettings()
        self._tenants = dict(tenants or {})
        self.open = open_  # whether unconfigured tenants may send

    def __getitem__(self, tenant: str) -> TenantSettings:
        return self._tenants.get(tenant, self.default)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TenantBook) and self._all() == other._all()

    def _all(self) -> tuple[Any, ...]:
        return self.default, self._tenants, self.open

    __hash__ = None  # type: ignore[assignment]

    def __contains__(self, tenant: object) -> bool:
        return tenant in self._tenants

    def __iter__(self) -> Iterator[str]:
        return iter(self._tenants)

    def __len__(self) -> int:
        return len(self._tenants)

    @classmethod
    def from_mapping(cls, content: Mapping[str, Any]) -> "TenantBook":
        """From a settings file: ``[tenant]`` holds the defaults, ``[tenants.acme]`` overrides for acme.

        ``tenants_open = false``: only tenants with their own table may send. Other tables are ignored. SettingsError
        names the wrong setting: ``tenants.acme.tz: …``.
        """
        shared = _table(content.get("tenant", {}), "tenant")
        book = cls(_settings(shared, "tenant"), open_=bool(content.get("tenants_open", True)))
        for name, own in _table(content.get("tenants", {}), "tenants").items():
            if not is_tenant(name):
                raise SettingsError("tenants: a tenant's name must match [a-z0-9_-]{1,64}")
            path = f"tenants.{name}"
            book._tenants[name] = _settings({**shared, **_table(own, path)}, path)
        return book


def _table(value: object, path: str) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise SettingsError(f"{path}: must be a table")
    return dict(value)


def _settings(values: Mapping[str, Any], path: str) -> TenantSettings:
    try:
        return TenantSettings.model_validate(values)
    except ValidationError as error:
        raise SettingsError("; ".join(complaints(error, path))) from None


def complaints(error: ValidationError, path: str = "") -> list[str]:
    """``where: what`` for each mistake; the values are left out, they may be secrets."""
    found = error.errors(include_url=False, include_input=False, include_context=False)
    where = (".".join([*filter(None, [path]), *map(str, one["loc"])]) for one in found)
    what = (one["msg"].removeprefix("Value error, ") for one in found)
    return [f"{at}: {text}" for at, text in zip(where, what, strict=True)]
