"""The connection to Redis or Valkey: with time limits, and a single kind of failure."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.resources import files
from typing import Final
from urllib.parse import urlsplit

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, NoPermissionError, RedisError, ResponseError
from redis.exceptions import ConnectionError as Disconnected
from redis.maint_notifications import MaintNotificationsConfig

from access.redis import client_options, settings_of
from models.settings import RedisSettings
from sinks.base import SinkUnavailable, TenantRefused

ANSWER_S: Final = 2.0  # a healthy server answers small commands in under a millisecond
CONNECT_S: Final = 1.0
LONGEST_S: Final = 20.0  # upper limit for any socket operation, however large
SLOWEST_BYTES_S: Final = 250_000  # a slower link counts as down


def connect(redis: RedisSettings | str) -> Redis:
    """A client for ``redis://``, ``rediss://`` or ``unix://``; connects with the first command.

    A bare URL means default settings otherwise. Raises SettingsError for unusable files. A lost connection is retried
    once at once: after a server restart the pool holds dead ones. The handshake is minimal: over a slow link each extra
    round trip takes a good part of the first command's time limit.
    """
    place = settings_of(redis)
    client: Redis = Redis.from_url(
        place.url,
        decode_responses=True,
        protocol=3,
        socket_connect_timeout=CONNECT_S,
        socket_timeout=LONGEST_S,
        retry=Retry(NoBackoff(), 1, supported_errors=(Disconnected,)),
        driver_info=None,
        maint_notifications_config=MaintNotificationsConfig(enabled=False),
        **client_options(place),
    )
    return client


def address(redis: RedisSettings | str) -> str:
    """The URL without user, password and query, safe to show."""
    parts = urlsplit(redis if isinstance(redis, str) else redis.url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def seconds_for(size: int) -> float:
    """Time limit for a command of ``size`` bytes."""
    return min(ANSWER_S + size / SLOWEST_BYTES_S, LONGEST_S)


@asynccontextmanager
async def within(redis: RedisSettings | str, seconds: float = ANSWER_S) -> AsyncIterator[None]:
    """Run a command; any failure of server or network becomes a `SinkUnavailable` that names the address.

    So does a script error: Redis is a view that can be rebuilt, so it never stops the counting.
    """
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError as error:
        raise SinkUnavailable(f"{address(redis)}: no answer within {seconds:.1f} s", redis) from error
    except (RedisError, OSError) as error:
        kind = TenantRefused if of_one_tenant(error) else SinkUnavailable
        raise kind(f"{address(redis)}: {explained(error)}", redis) from error


def of_one_tenant(error: BaseException) -> bool:
    """Whether a tenant's key or its content is to blame, not the server."""
    text = str(error)
    code = text.partition(" ")[0]  # upper case, except in errors raised by a script
    return type(error) is ResponseError and (code == "WRONGTYPE" or ("user_script" in text and not code.isupper()))


def explained(error: BaseException) -> str:
    """The error text, with a hint if it is about credentials."""
    if isinstance(error, AuthenticationError | NoPermissionError):
        return f"{error} (`crmkpi doctor` shows which setting to fix)"
    return str(error)


def script(name: str) -> str:
    """The text of a Lua script of this package."""
    return files("sinks").joinpath(name).read_text(encoding="utf-8")
