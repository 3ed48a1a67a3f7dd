"""HTTP client for APIs: retries when they are busy or unavailable, and keeps tokens out of messages."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any, Final

import httpx
import orjson

from collectors.pulled.page import Away, PullError

TRIES: Final = 8
FIRST_S: Final = 0.5  # initial back-off where the API gives none; doubles each time
LONGEST_S: Final = 60.0
PATIENCE_S: Final = 900.0  # if the API asks for longer, the next pass tries again
ANSWER_S: Final = 60.0
BUSY: Final = (408, 429, 500, 502, 503, 504)
MOST: Final = 64 << 20  # bytes of a response
SHOWN: Final = 200  # characters of an error response


class Api:
    """One API. ``headers`` is called for every request: a token may have been replaced in its file.

    ``now``: ms UTC.
    """

    def __init__(
        self,
        base_url: str,
        headers: Callable[[], Mapping[str, str]],
        now: Callable[[], int],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._headers, self._now, self._sleep = headers, now, sleep
        self._base = base_url.rstrip("/")
        self._http = httpx.AsyncClient(timeout=httpx.Timeout(ANSWER_S, connect=15.0))

    async def close(self) -> None:
        """Closes the connections."""
        await self._http.aclose()

    async def get(self, path: str, params: Mapping[str, Any] | None = None) -> Any:
        """The response's JSON. Raises Away if there is none, PullError if the API refuses."""
        return await self._asked("GET", path, params=params)

    async def post(self, path: str, body: object) -> Any:
        """The same for a search, which is safe to retry like a GET."""
        return await self._asked("POST", path, content=orjson.dumps(body))

    async def _asked(self, method: str, path: str, **what: Any) -> Any:
        why, renewed = "", False
        for number in range(TRIES):
            wait: float | None = None
            try:
                status, headers, body = await self._once(method, path, **what)
            except httpx.TransportError as error:
                why = type(error).__name__
            else:
                if status < 300 and (answer := _json(body)) is not None:
                    return answer
                why = f"it answers {status}" if status >= 300 else "its answer is not JSON"
                if status == 401 and not renewed:
                    renewed, wait = True, 0.0
                elif status >= 300 and status not in BUSY:
                    raise PullError(f"{method} {self._base}{path}: {why}: {self._said(body)}")
                else:
                    wait = retry_after(headers.get("retry-after"), self._now())
            wait = min(LONGEST_S, FIRST_S * 2**number) if wait is None else wait
            if wait > PATIENCE_S:
                raise Away(f"{self._base}{path}: {why}, and wants to be asked in {wait:.0f} s")
            if number < TRIES - 1:
                await self._sleep(wait)
        raise Away(f"{self._base}{path}: {why}, {TRIES} times")

    async def _once(self, method: str, path: str, **what: Any) -> tuple[int, Mapping[str, str], bytes]:
        headers = {"accept": "application/json", "content-type": "application/json", **self._headers()}
        async with self._http.stream(method, self._base + path, headers=headers, **what) as answer:
            parts, size = [], 0
            async for part in answer.aiter_bytes():
                size += len(part)
                if size > MOST:
                    raise PullError(f"{self._base}{path}: the answer is larger than {MOST:,} bytes")
                parts.append(part)
            return answer.status_code, answer.headers, b"".join(parts)

    def _said(self, body: bytes) -> str:
        """The beginning of a response, without credentials."""
        text = " ".join(body.decode("utf-8", "replace").split())
        for value in self._headers().values():
            text = text.replace(value.removeprefix("Bearer "), "[token]")
        return text[:SHOWN]


def retry_after(value: str | None, now: int) -> float | None:
    """Seconds to wait (RFC 9110: a number or a date); None if it is neither. ``now``: ms UTC."""
    if value is None:
        return None
    if value.isascii() and value.strip().isdecimal():
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return max(0.0, moment.replace(tzinfo=moment.tzinfo or UTC).timestamp() - now / 1000)


def _json(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
