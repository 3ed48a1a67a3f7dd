"""The configured webhooks, with their secrets, whose files are reread every few seconds."""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from access.files import read_secret
from collectors.arrived import Arrived
from collectors.server.intake import Origin
from collectors.server.problems import Refusal
from collectors.webhooks.declared import BadMapping, declared
from collectors.webhooks.provider import Forged, Provider
from collectors.webhooks.providers import PROVIDERS
from models.collecting import CollectSettings, WebhookSource
from models.settings import SettingsError

FRESH_MS: Final = 5_000
REPLAY_MS: Final = 9 * 3_600_000  # longer than any provider retries
TOKENS: Final = 200_000  # remembered at most


class Hook(NamedTuple):
    """One configured webhook."""

    provider: Provider
    origin: Origin
    secrets: tuple[str, ...]


class Hooks:
    """All configured webhooks. Raises SettingsError for an unknown provider or an unusable file."""

    def __init__(self, settings: CollectSettings, now: Callable[[], int]) -> None:
        """``now``: ms UTC."""
        self._now = now
        self._sources = {(one.provider, one.source): one for one in settings.webhooks}
        described = {name: _described(name, table) for name, table in settings.mappings.items()}
        self._providers = {**PROVIDERS, **described}
        for number, one in enumerate(settings.webhooks):
            if one.provider not in self._providers:
                names = ", ".join(sorted(self._providers))
                raise SettingsError(f"collect.webhooks.{number}.provider: there is none such; one of {names}")
        self._secrets = {name: _secrets(one) for name, one in self._sources.items()}
        self._read = now()
        self._seen: dict[tuple[str, str, str], tuple[int, bytes]] = {}  # expiry, and digest of the body

    def find(self, provider: str, source: str) -> Hook:
        """The webhook at a path. Raises Refusal 404."""
        self._refresh()
        found = self._sources.get((provider, source))
        if found is None:
            raise Refusal(404, "webhook", "there is no webhook at this address; the setting is collect.webhooks")
        origin = Origin(found.tenant, f"/webhooks/{provider}/{source}")
        return Hook(self._providers[provider], origin, self._secrets[provider, source])

    def repeated(self, hook: Hook, arrived: Arrived) -> bool:
        """Whether it was received before. Raises Forged if a one-time token is reused with a different body."""
        token = hook.provider.replayed(arrived)
        if token is None:
            return False
        until, digest = self._seen.get((*hook.origin, token), (0, b""))
        if arrived.received >= until:
            return False
        if digest != hashlib.sha256(arrived.body).digest():
            raise Forged("its token was used before, with another body")
        return True

    def taken(self, hook: Hook, arrived: Arrived) -> None:
        """Remembers one-time tokens; other repeats are recognised by their event ids."""
        token = hook.provider.replayed(arrived)
        if token is None:
            return
        while self._seen and (len(self._seen) >= TOKENS or next(iter(self._seen.values()))[0] <= arrived.received):
            del self._seen[next(iter(self._seen))]
        self._seen[(*hook.origin, token)] = arrived.received + REPLAY_MS, hashlib.sha256(arrived.body).digest()

    def _refresh(self) -> None:
        if self._now() - self._read < FRESH_MS:
            return
        self._read = self._now()
        for name, one in self._sources.items():
            if one.secret_files:
                try:
                    self._secrets[name] = _secrets(one)
                except SettingsError:
                    self._secrets[name] = ()  # deleting the file revokes the secret


def _described(name: str, table: Mapping[str, Any]) -> Provider:
    """A provider declared in the settings. Raises SettingsError."""
    if name in PROVIDERS:
        raise SettingsError(f"collect.mappings.{name}: there is a provider of this name")
    try:
        return declared(name, table)
    except BadMapping as error:
        raise SettingsError(f"collect.mappings.{name}: {error}") from error


def _secrets(source: WebhookSource) -> tuple[str, ...]:
    given = tuple(one.get_secret_value() for one in source.secrets)
    return (*given, *(read_secret(path, "collect.webhooks.secret_files") for path in source.secret_files))
