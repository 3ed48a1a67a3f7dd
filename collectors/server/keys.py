"""Write keys, stored as SHA-256 only, and the origins they may be used from."""

import hashlib
from collections.abc import Callable, Sequence
from typing import NamedTuple
from urllib.parse import urlsplit

from collectors.server.problems import Refusal
from models.attributes import is_tenant
from models.collecting import WriteKey
from ops.listening import HERE


class Sender(NamedTuple):
    """The sender, as determined by its key and by nothing in the body."""

    tenant: str
    source: str
    key: str  # the first digits of the key's SHA-256, for limits and logs
    origins: tuple[str, ...]
    local: bool = False  # no keys are configured: this machine only


class Keys:
    """The configured write keys; without any, a tenant's name is its key (and only this machine may send)."""

    def __init__(self, keys: Sequence[WriteKey], now: Callable[[], int]) -> None:
        """``now``: ms UTC."""
        self._now = now
        self._keys = {one.sha256: one for one in keys}
        self._origins = frozenset(origin for one in keys for origin in one.origins)

    def __bool__(self) -> bool:
        return bool(self._keys)

    def sender(self, key: str, origin: str | None) -> Sender:
        """The sender with this key, from a page of this origin. Raises Refusal 401 or 403."""
        if not key:
            raise Refusal(401, "no_key", "a write key is needed: as the user name of HTTP Basic, or as writeKey")
        found = self._local(key) if not self._keys else self._known(key)
        if origin is not None and not self.allows(found, origin):
            raise Refusal(403, "origin", "this key may not be used by pages of this origin; its setting is origins")
        return found

    def allows(self, sender: Sender, origin: str) -> bool:
        """Whether a page of this origin may use the sender's key."""
        return urlsplit(origin).hostname in HERE if sender.local else origin in sender.origins

    def preflight(self, origin: str) -> bool:
        """Whether a page of this origin may use any key: a preflight does not carry the key."""
        return origin in self._origins if self._keys else urlsplit(origin).hostname in HERE

    def _known(self, key: str) -> Sender:
        # The lookup is by digest, so its timing reveals nothing about a key.
        found = self._keys.get(hashlib.sha256(key.encode()).hexdigest())
        if found is None:
            raise Refusal(401, "key", "this write key is not known")
        if found.until is not None and found.until.timestamp() * 1000 <= self._now():
            raise Refusal(401, "key_expired", "this write key is no longer valid")
        return Sender(found.tenant, found.source, found.sha256[:8], found.origins)

    def _local(self, key: str) -> Sender:
        if not is_tenant(key):
            raise Refusal(401, "key", "no write keys are set: the key is the tenant's name ([a-z0-9_-]{1,64})")
        return Sender(key, f"/http/{key}", key, (), local=True)
