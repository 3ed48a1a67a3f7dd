"""What a tenant may decide about its numbers."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from models import money
from models.attributes import is_tenant
from models.refused import Refused


class SettingsError(ValueError):
    """A setting that cannot be; the message names it."""


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:  # not found, a path out of the database, or a folder in it
        raise ValueError("no such time zone (IANA names, like Europe/Helsinki)") from error
    return name


def _currency(code: str) -> str:
    try:
        return money.currency(code)[0]
    except Refused as refused:
        raise ValueError("not an ISO 4217 currency code") from refused


Zone = Annotated[str, AfterValidator(_zone)]
CurrencyCode = Annotated[str, AfterValidator(_currency)]
Days = Annotated[int, Field(ge=1, le=3650)]


class TenantSettings(BaseModel):
    """One tenant's settings, immutable. The first value of kpi-precise.md C is each setting's default."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    tz: Zone = "UTC"
    currency: CurrencyCode = "EUR"
    dimensions: Annotated[tuple[str, ...], Field(max_length=16)] = ()
    late_threshold_s: Annotated[int, Field(ge=0)] = 600
    low_n: Annotated[int, Field(ge=0)] = 30
    nps_buckets: tuple[int, int] = (6, 8)  # the highest detractor and the highest passive score
    won_stages: tuple[str, ...] = ("won", "closedwon", "closed_won")
    lost_stages: tuple[str, ...] = ("lost", "closedlost", "closed_lost")
    inactivity_days: Days = 90
    stale_days: Days = 90
    segment_cap: Annotated[int, Field(ge=1, le=1000)] = 50
    customer_is: Literal["person", "account"] = "person"
    net_of_tax: bool = True
    revenue_from: Literal["orders", "deals", "both"] = "orders"

    @property
    def zone(self) -> ZoneInfo:
        """The tenant's time zone, cached by zoneinfo."""
        return ZoneInfo(self.tz)


class TenantBook(Mapping[str, TenantSettings]):
    """Every tenant's settings. A tenant nobody configured has the defaults; iteration names only configured ones."""

    def __init__(
        self, default: TenantSettings | None = None, tenants: Mapping[str, TenantSettings] | None = None
    ) -> None:
        self.default = default or TenantSettings()
        self._tenants = dict(tenants or {})

    def __getitem__(self, tenant: str) -> TenantSettings:
        return self._tenants.get(tenant, self.default)

    def __contains__(self, tenant: object) -> bool:
        return tenant in self._tenants

    def __iter__(self) -> Iterator[str]:
        return iter(self._tenants)

    def __len__(self) -> int:
        return len(self._tenants)

    @classmethod
    def from_mapping(cls, content: Mapping[str, Any]) -> "TenantBook":
        """From a settings file: ``[tenant]`` holds the defaults of all, ``[tenants.acme]`` what acme has differently.

        Other tables of the file are left alone. SettingsError names the wrong setting: ``tenants.acme.tz: …``.
        """
        shared = _table(content.get("tenant", {}), "tenant")
        book = cls(_settings(shared, "tenant"))
        for name, own in _table(content.get("tenants", {}), "tenants").items():
            if not is_tenant(name):
                raise SettingsError("tenants: a tenant's name is [a-z0-9_-]{1,64}")
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
    """``where: what`` for each mistake; the values themselves are left out, they may be secrets."""
    found = error.errors(include_url=False, include_input=False, include_context=False)
    return [f"{'.'.join([*filter(None, [path]), *map(str, one['loc'])])}: {one['msg']}" for one in found]
