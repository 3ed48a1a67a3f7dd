"""Who may see the dashboard and its API, and its host names."""

import re
from typing import Annotated, Final, Literal, Self

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, model_validator
from pydantic_core import PydanticCustomError

from models.attributes import is_tenant

EVERY: Final = "*"  # in place of a tenant: all tenants
TOKEN: Final = re.compile(r"[A-Za-z0-9._~+/=-]{16,512}")  # fits a header and a cookie; shorter tokens can be guessed
TOKEN_RULE: Final = "a token must have 16 to 512 characters: letters, digits and . _ ~ + / = -"
Role = Literal["look", "act"]


def _blank_is_none(value: object) -> object:
    return None if value == "" else value


class ServeToken(BaseModel):
    """One token of the dashboard, given directly or in a file.

    tenants: whose numbers it gives access to; ``*``: all. role: ``look`` reads, ``act`` also keeps boards, sets
    targets, manages dead letters and verifies. until: when it expires.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    token: Annotated[SecretStr | None, BeforeValidator(_blank_is_none)] = None
    token_file: Annotated[str | None, BeforeValidator(_blank_is_none)] = None
    tenants: Annotated[tuple[str, ...], Field(min_length=1)]
    role: Role = "look"
    until: AwareDatetime | None = None

    @model_validator(mode="after")
    def _combination(self) -> Self:
        if (self.token is None) == (self.token_file is None):
            raise _wrong("set either token or token_file")
        if self.token is not None and not TOKEN.fullmatch(self.token.get_secret_value()):
            raise _wrong(TOKEN_RULE)
        if wrong := [name for name in self.tenants if name != EVERY and not is_tenant(name)]:
            raise _wrong(f"tenants: {wrong[0][:64]!r} is not a tenant name ([a-z0-9_-]{{1,64}}, or * for all)")
        return self


def _wrong(text: str) -> PydanticCustomError:
    return PydanticCustomError("combination", "{text}", {"text": text})
