"""Who may send events to the collector over HTTP, and how personal data is treated before anything is written."""

import re
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, model_validator
from pydantic_core import PydanticCustomError

from models.attributes import is_tenant
from models.pulled import PulledSource

SHORTEST_KEY: Final = 16  # characters; shorter keys can be guessed
ORIGIN: Final = re.compile(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?|https?://\[[0-9a-f:]+\](:[0-9]{1,5})?")
Slug = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]


def _blank_is_none(value: object) -> object:
    return None if value == "" else value


def _wrong(text: str) -> PydanticCustomError:
    return PydanticCustomError("combination", "{text}", {"text": text})


class _Sender(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    tenant: str

    @model_validator(mode="after")
    def _is_tenant(self) -> Self:
        if not is_tenant(self.tenant):
            raise _wrong("tenant: a tenant's name must match [a-z0-9_-]{1,64}")
        return self


class WriteKey(_Sender):
    """A key that may only write events of one tenant. `crmkpi collector key` creates one.

    Only the SHA-256 of the key is stored. ``origins``: web sites whose pages may use it (``https://acme.example``);
    none: servers use it, and browsers are refused. ``until``: when it expires.
    """

    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    source: Annotated[str, Field(min_length=1, max_length=256)]
    origins: tuple[str, ...] = ()
    until: AwareDatetime | None = None

    @model_validator(mode="after")
    def _are_origins(self) -> Self:
        if wrong := [one for one in self.origins if not ORIGIN.fullmatch(one)]:
            raise _wrong(f"origins: {wrong[0][:64]!r} is not an origin such as https://acme.example")
        return self


class WebhookSource(_Sender):
    """One address ``/v1/webhooks/PROVIDER/SOURCE``. Several secrets allow rotation."""

    provider: Slug
    source: Slug
    secrets: tuple[SecretStr, ...] = ()
    secret_files: tuple[str, ...] = ()  # reread every few seconds

    @model_validator(mode="after")
    def _has_secret(self) -> Self:
        if not (self.secrets or self.secret_files):
            raise _wrong("secrets or secret_files is missing: without one, requests cannot be authenticated")
        if any(not one.get_secret_value() for one in self.secrets):
            raise _wrong("secrets: must not be empty")
        return self


class PrivacySettings(BaseModel):
    """How personal data is treated on arrival, per tenant or for all.

    personal: e-mail addresses and telephone numbers become keyed hashes, or are dropped; names and IP addresses are
    always dropped. free_text: comments and messages are kept with addresses, card numbers and the like masked, or
    dropped. consent: an event sent without consent is counted without any id, or refused, or the consent flag is
    ignored.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    personal: Literal["hash", "drop"] = "hash"
    free_text: Literal["mask", "drop"] = "mask"
    consent: Literal["anonymous", "refuse", "ignore"] = "anonymous"


class CollectSettings(BaseModel):
    """The collector. Without keys and webhooks only this machine may send, with a tenant's name as its key."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    keys: tuple[WriteKey, ...] = ()
    webhooks: tuple[WebhookSource, ...] = ()
    mappings: dict[Slug, dict[str, Any]] = {}  # for providers without a module; see docs/webhooks.md
    sources: tuple[PulledSource, ...] = ()  # sources `crmkpi pull` reads
    open: bool = False  # without keys: anyone who reaches its port may send (a container published on loopback)
    public_url: str = ""  # its address as providers call it through a proxy: some sign it
    proxies: tuple[str, ...] = ()  # addresses of proxies whose X-Forwarded-For is trusted
    pseudonym_key: Annotated[SecretStr | None, BeforeValidator(_blank_is_none)] = None  # for the hashes
    pseudonym_key_file: Annotated[str | None, BeforeValidator(_blank_is_none)] = None
    privacy: PrivacySettings = PrivacySettings()
    tenants: dict[str, PrivacySettings] = {}  # a tenant's own policy
    key_events_per_s: Annotated[int, Field(ge=1)] = 50_000
    address_events_per_minute: Annotated[int, Field(ge=1)] = 6_000  # per IP address, with a browser key

    @model_validator(mode="before")
    @classmethod
    def _once(cls, data: Any) -> Any:
        if isinstance(data, dict) and data.get("pseudonym_key") and data.get("pseudonym_key_file"):
            raise _wrong("set either pseudonym_key or pseudonym_key_file")
        return data

    @model_validator(mode="after")
    def _addresses(self) -> Self:
        seen = [(one.provider, one.source) for one in self.webhooks]
        if twice := next((one for one in seen if seen.count(one) > 1), None):
            raise _wrong(f"webhooks: {'/'.join(twice)} is listed twice")
        names = [one.name for one in self.sources]
        if again := next((name for name in names if names.count(name) > 1), None):
            raise _wrong(f"sources: {again} is listed twice")
        if self.public_url and not ORIGIN.fullmatch(self.public_url.rstrip("/")):
            raise _wrong("public_url: must look like https://collect.acme.example")
        return self

    def privacy_of(self, tenant: str) -> PrivacySettings:
        """The tenant's policy."""
        return self.tenants.get(tenant, self.privacy)
