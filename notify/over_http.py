"""Webhooks: signed by Standard Webhooks (https://www.standardwebhooks.com), and Slack-compatible ones."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final

import httpx
import orjson

from access.files import secret
from models.notifying import Channel, check_url
from models.settings_error import SettingsError
from notify.message import Delivery
from notify.sending import NotSent

SHORTEST: Final = 24  # bytes of a secret
GONE: Final = 410
SLOW_DOWN: Final = (429, 503)
SHOWN: Final = 200  # characters of a response quoted in errors
Headers = Mapping[str, str]


def signature(key: bytes, name: str, seconds: int, body: bytes) -> str:
    """``v1,`` followed by the HMAC-SHA256 of id, time and body."""
    mac = hmac.new(key, f"{name}.{seconds}.".encode() + body, hashlib.sha256)
    return "v1," + base64.b64encode(mac.digest()).decode()


def signing_key(text: str, setting: str) -> bytes:
    """The key in ``whsec_…``. Raises SettingsError with the setting."""
    try:
        key = base64.b64decode(text.removeprefix("whsec_"), validate=True)
    except (ValueError, binascii.Error):
        raise SettingsError(f"{setting}: must be whsec_ and base64") from None
    if len(key) < SHORTEST:
        raise SettingsError(f"{setting}: must be of at least {SHORTEST} bytes")
    return key


def webhook_body(one: Delivery) -> bytes:
    """``type``, ``timestamp`` and ``data``."""
    at = datetime.fromtimestamp(one.message.at / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    told = {"title": one.message.title, "text": one.message.text, **one.message.data}
    return orjson.dumps({"type": one.message.type, "timestamp": at, "data": told})


def slack_body(one: Delivery) -> bytes:
    """Text escaped so that no name becomes a link or mention."""
    text = f"*{_plain(one.message.title)}*\n{_plain(one.message.text)}"
    return orjson.dumps({"text": text})


def _plain(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


class OverHttp:
    """Sends to channels of kind ``webhook`` and ``slack``. ``now``: ms UTC. The client is the caller's."""

    def __init__(self, http: httpx.AsyncClient, now: Callable[[], int]) -> None:
        self._http, self._now = http, now

    async def send(self, channel: Channel, one: Delivery) -> None:
        """Returns on a 2xx response. Raises NotSent, SettingsError."""
        where = f"channel {channel.name} of {channel.tenant}"
        url = secret(channel.url, channel.url_file, f"{where}: url_file")
        try:
            check_url(url)
        except ValueError as error:
            raise SettingsError(f"{where}: {error}") from None
        headers = {"content-type": "application/json", "user-agent": "crmkpi"}
        body = slack_body(one) if channel.kind == "slack" else webhook_body(one)
        if channel.kind == "webhook":
            headers |= self._signed(channel, one, body, where)
        try:
            async with self._http.stream("POST", url, content=body, headers=headers) as answer:
                await _check(answer)
        except httpx.TransportError as error:
            raise NotSent(f"{type(error).__name__}: {error}"[:SHOWN]) from error

    def _signed(self, channel: Channel, one: Delivery, body: bytes, where: str) -> Headers:
        key = signing_key(secret(channel.secret, channel.secret_file, f"{where}: secret_file"), f"{where}: secret")
        seconds = self._now() // 1000
        signed = signature(key, one.id, seconds, body)
        return {"webhook-id": one.id, "webhook-timestamp": str(seconds), "webhook-signature": signed}


async def _check(answer: httpx.Response) -> None:
    """Raises NotSent unless it was accepted; only the beginning of a long response is read."""
    if answer.is_success:
        return
    said = b""
    async for chunk in answer.aiter_bytes(SHOWN):
        said = chunk[:SHOWN]
        break
    text = f"answered {answer.status_code} {said.decode(errors='replace')!r}"
    raise NotSent(text, for_good=answer.status_code == GONE, retry_s=_retry_after(answer))


def _retry_after(answer: httpx.Response) -> float | None:
    text = answer.headers.get("retry-after", "")
    return float(text) if answer.status_code in SLOW_DOWN and text.isdecimal() else None
