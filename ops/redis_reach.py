"""Whether Redis accepts us with these settings and the rights to publish; if not, what to fix."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path
from typing import Any, Final

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, NoPermissionError, RedisError, ResponseError

from access.redis import client_options, settings_of
from models.settings import RedisSettings, SettingsError
from ops.check import Check
from ops.local.unit import host_port
from ops.tls import why_certificate
from ops.wire import redis_answers, tcp_opens, tls_opens

SECONDS: Final = 3.0
PREFIX: Final = "crmkpi"
KEY: Final = PREFIX + ":{doctor}:meta"
# The commands sinks use, on a key of ours: the server checks whether this user may, and runs none of them.
COMMANDS: Final = {
    "publish": (
        "HMGET HSET HGETALL HKEYS HDEL HINCRBY DEL SET SADD SREM SMEMBERS SCARD EXPIRE XADD EVALSHA EVAL SCRIPT|LOAD"
    ),
    "read": "GET HGET XREAD XREVRANGE EVAL_RO",
}
ASK: Final = """
local missing = {}
for _, command in ipairs(ARGV) do
  local words = {}
  for word in string.gmatch(command, '%S+') do words[#words + 1] = word end
  local ok, may = pcall(redis.acl_check_cmd, unpack(words))
  if ok and not may then missing[#missing + 1] = command end
end
return missing
"""


async def reachable(redis: RedisSettings | str) -> Check:
    """Whether a server responds, and which rights are missing."""
    place = settings_of(redis)
    name = f"Redis at {_shown(place)}"
    try:
        client: Redis = Redis.from_url(
            place.url, decode_responses=True, protocol=3, socket_connect_timeout=SECONDS, socket_timeout=SECONDS,
            retry=Retry(NoBackoff(), 0), driver_info=None, **client_options(place),
        )  # fmt: skip
    except SettingsError as error:
        return Check(name, False, str(error), "correct the setting, or the file it points to")
    try:
        async with asyncio.timeout(2 * SECONDS):
            await client.ping()
            missing = await _missing(client)
    except (RedisError, OSError, TimeoutError) as error:
        return Check(name, False, *await asyncio.to_thread(_why, place, error))
    finally:
        await client.aclose()
    if missing:
        user = place.username or "default"
        return Check(name, False, f"responds, but the user {user} may not: {', '.join(missing)}", _grant(user, missing))
    return Check(name, True, f"answers{f' {place.username}' if place.username else ''}, with the rights to publish")


def _shown(place: RedisSettings) -> str:
    """The URL without its query."""
    return place.url.split("?")[0]


async def _missing(client: Redis) -> list[str]:
    found: Any = await client.eval(ASK, 0, *map(_with_arguments, " ".join(COMMANDS.values()).split()))
    missing = [text.split(f" {PREFIX}:")[0].replace(" ", "|", 1) if text.startswith("SCRIPT") else text.split()[0]
               for text in found]  # fmt: skip
    return list(dict.fromkeys(missing))


def _with_arguments(command: str) -> str:
    """The command in a form in which the server finds the key."""
    forms = {
        "EVAL": f"EVAL x 1 {KEY}", "EVALSHA": f"EVALSHA x 1 {KEY}", "EVAL_RO": f"EVAL_RO x 1 {KEY}",
        "SCRIPT|LOAD": "SCRIPT LOAD x", "XREAD": f"XREAD STREAMS {KEY} 0", "XADD": f"XADD {KEY} * a b",
        "XREVRANGE": f"XREVRANGE {KEY} + -", "HMGET": f"HMGET {KEY} a", "HSET": f"HSET {KEY} a b",
        "HINCRBY": f"HINCRBY {KEY} a 1", "SET": f"SET {KEY} a", "SADD": f"SADD {KEY} a", "SREM": f"SREM {KEY} a",
        "EXPIRE": f"EXPIRE {KEY} 1", "HGET": f"HGET {KEY} a", "HDEL": f"HDEL {KEY} a",
    }  # fmt: skip
    return forms.get(command, f"{command} {KEY}")


def _grant(user: str, missing: list[str]) -> str:
    return (
        f"ACL SETUSER {user} ~{PREFIX}:* {' '.join('+' + command.lower() for command in missing)}; see docs/security.md"
    )


def _why(place: RedisSettings, error: BaseException) -> tuple[str, str]:
    """(what is wrong, how to fix it)."""
    url = place.url
    if isinstance(error, NoPermissionError):
        return (
            f"accepts the login, but denies a command: {error}",
            "grant the user the rights in docs/security.md",
        )
    if isinstance(error, AuthenticationError) or "NOAUTH" in str(error):
        return _credentials(place)
    if url.startswith("unix://"):
        there = Path(url.removeprefix("unix://").split("?")[0]).exists()
        return ("the socket exists, but nothing responds" if there else "no such socket"), "correct REDIS_URL"
    host, port = host_port(url, 6379)
    if not tcp_opens(host, port):
        return f"nothing is listening on {host}:{port}", "start it (crmkpi up), or correct REDIS_URL"
    own = place.certificate_file is not None
    for one in _chain(error):
        if isinstance(one, ssl.SSLError) and (problem := why_certificate(one, "redis", host, own=own)):
            return problem
    if url.startswith("rediss://") and redis_answers(host, port):
        return "it does not use TLS, but the URL does", "begin the URL with redis://, or use its TLS port"
    if url.startswith("redis://") and tls_opens(host, port):
        return "it uses TLS, but the URL does not", "begin the URL with rediss://; CRMKPI_REDIS__CA_FILE"
    if isinstance(error, ResponseError):
        return f"responds with: {error}", "use Redis 7 or newer, or Valkey"
    return f"something is listening, but it is not Redis: {type(error).__name__}", "correct REDIS_URL"


def _credentials(place: RedisSettings) -> tuple[str, str]:
    where = "CRMKPI_REDIS__PASSWORD_FILE" if place.password_file else "CRMKPI_REDIS__PASSWORD"
    if place.password is None and place.password_file is None:
        return "it requires a password and none is set", f"set {where}, and CRMKPI_REDIS__USERNAME for a user of an ACL"
    user = f"for the user {place.username}" if place.username else "for the user default"
    return f"user name or password is wrong ({user})", f"correct CRMKPI_REDIS__USERNAME and {where}"


def _chain(error: BaseException | None) -> list[BaseException]:
    found: list[BaseException] = []
    while error is not None and error not in found:
        found.append(error)
        error = error.__cause__ or error.__context__
    return found
