"""Where messages go: channels, the mail server, and what webhooks may reach. Secrets are never printed."""

from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from models.attributes import is_tenant
from models.connections import Connection, Secret, Text, wrong

ADDRESS: Final = r"^[^@\s<>\",;:\\()\[\]]{1,64}@[A-Za-z0-9.-]{1,255}$"
SCHEMES: Final = ("smtp", "smtps")
Network = IPv4Network | IPv6Network
Address = Annotated[str, Field(pattern=ADDRESS)]


def _network(text: object) -> object:
    try:
        return ip_network(text) if isinstance(text, str) else text
    except ValueError:
        raise ValueError("must be a network such as 10.0.0.0/8") from None


def _smtp(url: str) -> str:
    if url:
        parts = urlsplit(url)
        if parts.scheme not in SCHEMES or not parts.hostname or parts.username or parts.path.strip("/"):
            raise ValueError("must look like smtp://mail.acme.example:587 or smtps://mail.acme.example")
    return url


class Channel(BaseModel):
    """One place of one tenant that messages go to.

    webhook: signed as Standard Webhooks. slack: an incoming webhook of Slack or what takes the same (Mattermost,
    Rocket.Chat, Google Chat). email: one message to each address. stream: a stream in Redis. An address that is itself
    a secret, as Slack's, may lie in a file.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
    tenant: str
    kind: Literal["webhook", "slack", "email", "stream"]
    url: Secret = None
    url_file: Text = None
    secret: Secret = None  # whsec_… of a webhook
    secret_file: Text = None
    addresses: Annotated[tuple[Address, ...], Field(max_length=100)] = ()  # of e-mail

    @model_validator(mode="after")
    def _combination(self) -> Self:
        if not is_tenant(self.tenant):
            raise wrong("tenant: a tenant's name must match [a-z0-9_-]{1,64}")
        over_http, signed = self.kind in ("webhook", "slack"), self.kind == "webhook"
        self._one_of("url", over_http)
        self._one_of("secret", signed)
        if bool(self.addresses) != (self.kind == "email"):
            raise wrong(f"addresses: {'is missing' if self.kind == 'email' else 'is for channels of kind email'}")
        if self.url is not None:
            check_url(self.url.get_secret_value())
        return self

    def _one_of(self, name: str, wanted: bool) -> None:
        given = sum(getattr(self, one) is not None for one in (name, f"{name}_file"))
        if given != wanted:
            what = f"set either {name} or {name}_file" if wanted else f"not for channels of kind {self.kind}"
            raise wrong(f"{name}: {what}")


def check_url(url: str) -> str:
    """An address that messages may be sent to over HTTP. Raises ValueError; the address is not part of the text."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.fragment:
        raise wrong("url: must look like https://hooks.acme.example/path, without a user and a fragment")
    return url


class NotifySettings(BaseModel):
    """``[notify]``. outbox: a folder; messages of all channels become files there, and nothing is sent.

    allow_networks: addresses that webhooks may reach although they are private, of this machine or otherwise not
    public. give_up_s: for how long a message is tried.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    channels: tuple[Channel, ...] = ()
    outbox: str = ""
    allow_networks: tuple[Annotated[Network, BeforeValidator(_network)], ...] = ()
    timeout_s: Annotated[float, Field(gt=0, le=120)] = 15.0
    first_pause_s: Annotated[float, Field(gt=0, le=3600)] = 5.0
    longest_pause_s: Annotated[float, Field(gt=0, le=86_400)] = 4 * 3600.0
    give_up_s: Annotated[float, Field(gt=0, le=30 * 86_400)] = 3 * 86_400.0

    @model_validator(mode="after")
    def _once(self) -> Self:
        seen = [(one.tenant, one.name) for one in self.channels]
        if twice := next((one for one in seen if seen.count(one) > 1), None):
            raise wrong(f"channels: there are two called {twice[1]} of tenant {twice[0]}")
        return self


class SmtpSettings(Connection):
    """``[smtp]``: the mail server, for alerts and reports. ``smtps://``: TLS at once; ``smtp://``: STARTTLS, required.

    plain: no TLS at all, for a server on this machine. sender: the address all messages are from.
    """

    url: Annotated[str, AfterValidator(_smtp)] = ""
    username: Text = None
    password: Secret = None
    password_file: Text = None
    sender: Annotated[str, Field(pattern=rf"^$|{ADDRESS}")] = ""
    plain: bool = False
    timeout_s: Annotated[float, Field(gt=0, le=300)] = 30.0

    @model_validator(mode="after")
    def _combination(self) -> Self:
        self._check_once("password")
        self._check_tls(not self.plain, "plain is set")
        if self.plain and self.url.startswith("smtps:"):
            raise wrong("plain is set, but the URL begins with smtps:// (TLS)")
        if bool(self.url) != bool(self.sender):
            raise wrong(f"{'sender' if self.url else 'url'} is missing: set both or none")
        if bool(self.username) != bool(self._given("password", "password_file")):
            raise wrong("username and password (or password_file): set both or none")
        if self.plain and self.username:
            raise wrong("username is given, but plain is set: a password is never sent in plain text")
        return self
