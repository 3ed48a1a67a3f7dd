"""How mails are sent: the sender, the server or folder they go to, and where their links lead."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

LEAST_SECRET = 16  # characters


def _blank_is_none(value: object) -> object:
    return None if value == "" else value


Text = Annotated[str | None, BeforeValidator(_blank_is_none)]
Secret = Annotated[SecretStr | None, BeforeValidator(_blank_is_none)]
Address = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,253}$")]
Page = Annotated[str, StringConstraints(pattern=r"^(https?://[A-Za-z0-9._~:/\[\]-]{1,200})?$")]


class MailSettings(BaseModel):
    """Environment: ``CRMKPI_MAIL__HOST`` … Without ``host`` mails are files of ``outbox``: nothing leaves the machine.

    tls: ``starttls`` (port 587), ``implicit`` (465), or ``none``, which sends no password. page: the dashboard's
    address as recipients reach it, for links. unsubscribe_secret: signs the links that unsubscribe.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    sender: Address = "crmkpi@localhost"
    sender_name: Annotated[str, StringConstraints(max_length=80)] = "crmkpi"
    outbox: Annotated[str, StringConstraints(min_length=1)] = "outbox"
    host: Text = None
    port: Annotated[int | None, Field(ge=1, le=65535)] = None
    tls: Literal["starttls", "implicit", "none"] = "starttls"
    username: Text = None
    password: Secret = None
    password_file: Text = None  # read anew for every connection
    ca_file: Text = None  # PEM; default: the authorities this system trusts
    check_hostname: bool = True
    timeout_s: Annotated[float, Field(gt=0, le=600)] = 30.0
    page: Page = ""
    unsubscribe_secret: Secret = None
    unsubscribe_secret_file: Text = None

    @property
    def usual_port(self) -> int:
        """The port, or the usual one of its TLS."""
        return self.port or {"starttls": 587, "implicit": 465, "none": 25}[self.tls]

    @model_validator(mode="after")
    def _combination(self) -> Self:
        for name in ("password", "unsubscribe_secret"):
            if getattr(self, name) is not None and getattr(self, f"{name}_file") is not None:
                raise _wrong(f"set either {name} or {name}_file, not both")
        given = self.password is not None or self.password_file is not None
        if given != (self.username is not None):
            raise _wrong("username and password (or password_file) are set together")
        if given and self.tls == "none":
            raise _wrong("tls none sends no password: set it to starttls or implicit")
        if self.unsubscribe_secret is not None and len(self.unsubscribe_secret.get_secret_value()) < LEAST_SECRET:
            raise _wrong(f"unsubscribe_secret: must have at least {LEAST_SECRET} characters")
        return self


def _wrong(text: str) -> PydanticCustomError:
    return PydanticCustomError("combination", "{text}", {"text": text})
