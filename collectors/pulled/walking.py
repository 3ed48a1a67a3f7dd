"""Walks an API's objects by last change: a time window, in order of object ids.

An object changed while the window is being walked moves to the next window, never to a page already read. So a pass may
take any time, and any number of objects may share a timestamp.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import NamedTuple

from collectors.event import Reading
from collectors.pulled.page import Cursor, Page, PullError
from collectors.webhooks.items import Fault


class Window(NamedTuple):
    """Objects changed in [``since``, ``until``), ms UTC. ``last``: the last id of the previous page."""

    object: str
    since: int
    until: int
    last: str | None = None


Read = Callable[[Window], Awaitable[tuple[Reading, str | None]]]
"""A page, and its last id; None if it is the last page."""


async def walked(cursor: Cursor, objects: Sequence[str], begin: int, until: int, read: Read) -> AsyncIterator[Page]:
    """The pages of one pass. ``begin``: the start of the first window of a new object type; ms UTC, like ``until``.

    A window left unfinished by an earlier pass is completed first. Raises PullError.
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
