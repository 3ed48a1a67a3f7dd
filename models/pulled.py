"""Sources that events are pulled from: ``[[collect.sources]]``. Secrets come from files or the environment."""

from datetime import datetime
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from models import money
from models.attributes import is_tenant
from models.refused import Refused

DEFAULT_OVERLAP: Final = 300.0
# Plain HTTP only to this machine: a token goes with each request.
_HOST: Final = r"https://[^/?#@\s]+|http://(127\.0\.0\.1|localhost|\[::1\])(:[0-9]+)?"
_Url = Annotated[str, Field(pattern=rf"^({_HOST})(/[^?#@\s]*)?$")]


def _tenant(name: str) -> str:
    if not is_tenant(name):
        raise PydanticCustomError("tenant", "a tenant's name must match [a-z0-9_-]{{1,64}}")
    return name


def _currency(code: str) -> str:
    try:
        return money.currency(code)[0]
    except Refused:
        raise PydanticCustomError("currency", "not an ISO 4217 currency") from None


Currency = Annotated[str, AfterValidator(_currency)]


class _Source(BaseModel):
    """``every``: seconds between passes; none: a single pass."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
    tenant: Annotated[str, AfterValidator(_tenant)]
    every: Annotated[float | None, Field(gt=0)] = None


class DatabaseSource(_Source):
    """Rows of a database. Either ``table`` with ``cursor`` and ``key``, or a ``query`` with ``cursor`` and ``start``.

    overlap: how far each pass goes back, for rows committed late: seconds, or units of a numeric cursor.
    """

    kind: Literal["database"]
    mapping: str  # a file, or the name of a built-in mapping
    cursor: Annotated[str, Field(min_length=1)]  # a column that grows with every write to a row
    url_file: str | None = None
    url_env: str | None = None
    table: str | None = None
    key: tuple[str, ...] = ()
    query: str | None = None
    start: datetime | int | str | None = None
    rows: Annotated[int, Field(ge=1, le=50_000)] = 1_000  # per page
    overlap: Annotated[float, Field(ge=0)] = DEFAULT_OVERLAP

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if bool(self.url_file) == bool(self.url_env):
            raise PydanticCustomError("combination", "set either url_file or url_env")
        if bool(self.table) == bool(self.query):
            raise PydanticCustomError("combination", "set either table or query")
        if self.table and not self.key:
            raise PydanticCustomError("combination", "key is missing: the columns that name a row of the table")
        if self.query and (":cursor" not in self.query or ":n" not in self.query):
            raise PydanticCustomError("combination", "query must use :cursor and :n")
        if self.query and self.start is None:
            raise PydanticCustomError("combination", "start is missing: the first value of :cursor")
        return self


class Ga4Source(_Source):
    """Files of the BigQuery export of Google Analytics 4 as JSON lines. ``path``: a glob."""

    kind: Literal["ga4"]
    path: Annotated[str, Field(min_length=1)]
    gross: bool = False  # ``value`` of a purchase already includes tax and shipping


class _ApiSource(_Source):
    """``settle``: seconds a pass stays behind the current time, until the system shows all changes."""

    base_url: _Url
    token_file: str | None = None
    token_env: str | None = None
    since: AwareDatetime | None = None  # objects last changed earlier are skipped
    settle: Annotated[float, Field(ge=0)] = 60.0
    currency: Currency | None = None  # for amounts without one
    traits: tuple[str, ...] = ()  # custom fields that become traits

    @model_validator(mode="after")
    def _has_token(self) -> Self:
        if bool(self.token_file) == bool(self.token_env):
            raise PydanticCustomError("combination", "set either token_file or token_env")
        return self


class HubSpotSource(_ApiSource):
    """HubSpot's CRM API."""

    kind: Literal["hubspot"]
    base_url: _Url = "https://api.hubapi.com"
    objects: tuple[Literal["deals", "contacts", "companies"], ...] = ("companies", "contacts", "deals")
    company_currency: Currency | None = None  # read amount_in_home_currency instead of amount


class SalesforceSource(_ApiSource):
    """Salesforce's REST API; ``base_url`` is the address of the organisation."""

    kind: Literal["salesforce"]
    version: Annotated[str, Field(pattern=r"^v[0-9]{2,3}\.[0-9]$")] = "v64.0"
    objects: tuple[Literal["Account", "Contact", "Lead", "Opportunity"], ...] = (
        "Account", "Contact", "Lead", "Opportunity",
    )  # fmt: skip


class PipedriveSource(_ApiSource):
    """Pipedrive's API, version 2."""

    kind: Literal["pipedrive"]
    base_url: _Url = "https://api.pipedrive.com"
    objects: tuple[Literal["organizations", "persons", "deals"], ...] = ("organizations", "persons", "deals")
    history: bool = True  # fetch the changes of each deal, one request per deal


ApiSource = HubSpotSource | SalesforceSource | PipedriveSource
PulledSource = Annotated[DatabaseSource | Ga4Source | ApiSource, Field(discriminator="kind")]
