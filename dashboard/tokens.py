"""Authentication: tokens from the settings, compared in constant time; token files are reread every few seconds."""

import hmac
from collections.abc import Callable, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Final, NamedTuple

from access.files import secret
from models.serving import EVERY, TOKEN, TOKEN_RULE, Role, ServeToken
from models.settings import SettingsError

FRESH_MS: Final = 5_000  # maximum delay until a token replaced in its file is refused


class Grant(NamedTuple):
    """The permissions of a client. ``tenants``: None means all."""

    tenants: frozenset[str] | None
    role: Role

    def opens(self, tenant: str) -> bool:
        """Whether it includes this tenant."""
        return self.tenants is None or tenant in self.tenants


EVERYTHING: Final = Grant(None, "act")  # for this machine, if no tokens are configured


class Tokens:
    """The configured tokens. Raises SettingsError for an unusable file."""

    def __init__(self, tokens: Sequence[ServeToken], now: Callable[[], int]) -> None:
        """``now``: ms UTC."""
        self._tokens, self._now = tuple(tokens), now
        self._digests = [_digest(number, token) for number, token in enumerate(self._tokens)]
        self._read = now()

    def __bool__(self) -> bool:
        return bool(self._tokens)

    def grant(self, text: str) -> Grant | None:
        """The permissions of a token; None if it is unknown or expired.

        Always compares with every token, so that timing reveals nothing.
        """
        self._refresh()
        given, found = sha256(text.encode()).digest(), None
        for token, digest in zip(self._tokens, self._digests, strict=True):
            if hmac.compare_digest(given, digest) and self._good(token):
                found = token
        if found is None:
            return None
        return Grant(None if EVERY in found.tenants else frozenset(found.tenants), found.role)

    def _good(self, token: ServeToken) -> bool:
        return token.until is None or self._now() < _ms(token.until)

    def _refresh(self) -> None:
        if self._now() - self._read < FRESH_MS:
            return
        self._read = self._now()
        for number, token in enumerate(self._tokens):
            if token.token_file is not None:
                self._digests[number] = _refreshed(number, token)


def _digest(number: int, token: ServeToken) -> bytes:
    setting = f"serve_tokens.{number}.token_file"
    text = secret(token.token, token.token_file, setting)
    if not TOKEN.fullmatch(text):
        raise SettingsError(f"{setting}: {TOKEN_RULE}")
    return sha256(text.encode()).digest()


def _refreshed(number: int, token: ServeToken) -> bytes:
    """A file that has become unusable grants nothing: deleting it revokes the token."""
    try:
        return _digest(number, token)
    except SettingsError:
        return b""


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
