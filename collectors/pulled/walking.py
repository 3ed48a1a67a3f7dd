"""Objects of an API by when they were changed: a window of time, walked in the order of their ids.

An object that is changed while the window is walked leaves it, and is in the next one: so nothing moves to a page that
was read already, however long a pass takes, and objects changed in one moment may be any number.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import NamedTuple

from collectors.event import Reading
from collectors.pulled.page import Cursor, Page, PullError
from collectors.webhooks.items import Fault


class Window(NamedTuple):
    """Which objects, changed from ``since`` to before ``until``, ms UTC. ``last``: where the page before ended."""

    object: str
    since: int
    until: int
    last: str | None = None


Read = Callable[[Window], Awaitable[tuple[Reading, str | None]]]
"""A page, and where it ended; None: it was the last."""


async def walked(cursor: Cursor, objects: Sequence[str], begin: int, until: int, read: Read) -> AsyncIterator[Page]:
    """The pages of one pass. ``begin``: from when on an object is read that never was; ms UTC, as ``until``.

    A window that an earlier pass had begun is ended first. Raises PullError.
    """
    for name in objects:
        stands = cursor.get(name, {})
        window = Window(name, stands.get("since", begin), stands.get("until", until), stands.get("last"))
        while window.since < window.until:
            reading, last = await _read(read, window)
            begun = {"since": window.since, "until": window.until, "last": last}
            cursor = {**cursor, name: {"since": window.until} if last is None else begun}
            yield Page(reading, cursor)
            window = Window(name, window.until, until) if last is None else window._replace(last=last)


async def _read(read: Read, window: Window) -> tuple[Reading, str | None]:
    try:
        return await read(window)
    except Fault as fault:
        raise PullError(f"an answer of {window.object} cannot be read: {fault.field} {fault.text}") from None
