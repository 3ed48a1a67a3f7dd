"""Dependencies of the routes, built once per server."""

import hashlib
from collections.abc import Callable
from functools import lru_cache
from typing import Annotated, Final, NamedTuple

from fastapi import Depends, Request

from access.files import secret
from collectors.privacy import Policy
from collectors.server.hooks import Hooks
from collectors.server.intake import Intake
from collectors.server.keys import Keys
from collectors.server.limiting import Limits
from collectors.server.meters import Meters
from collectors.server.publish import Publisher
from models.settings import Settings

POLICIES: Final = 1024  # policies kept at a time, one per tenant


class Services(NamedTuple):
    """``now``: ms UTC."""

    settings: Settings
    keys: Keys
    hooks: Hooks
    limits: Limits
    intake: Intake
    publisher: Publisher
    meters: Meters
    now: Callable[[], int]


def services(settings: Settings, now: Callable[[], int]) -> Services:
    """Built from settings, not yet connected. Raises SettingsError."""
    collect = settings.collect
    pseudonyms = secret(collect.pseudonym_key, collect.pseudonym_key_file, "collect.pseudonym_key_file")
    key = hashlib.sha256(pseudonyms.encode()).digest() if pseudonyms else b""
    meters, publisher = Meters(), Publisher(settings.kafka)

    @lru_cache(POLICIES)
    def policy(tenant: str) -> Policy:
        return Policy(key, tenant, collect.privacy_of(tenant))

    return Services(
        settings=settings,
        keys=Keys(collect.keys, now),
        hooks=Hooks(collect, now),
        limits=Limits(collect, now),
        intake=Intake(settings, publisher, policy, meters),
        publisher=publisher,
        meters=meters,
        now=now,
    )


async def _of(request: Request) -> Services:
    found: Services = request.app.state.services
    return found


Parts = Annotated[Services, Depends(_of)]
