"""A folder that replaces every channel: messages are written there, and nothing leaves the machine."""

import asyncio
import os
from pathlib import Path

from models.notifying import Channel
from notify.mail import mail
from notify.message import Delivery
from notify.over_http import slack_body, webhook_body


class Outbox:
    """One file per message, named by its id, so a repeated write replaces it."""

    def __init__(self, folder: str) -> None:
        self._folder = Path(folder)

    async def send(self, channel: Channel, one: Delivery) -> None:
        """Returns once the file is written. Raises OSError."""
        await asyncio.to_thread(self._write, channel, one)

    def _write(self, channel: Channel, one: Delivery) -> None:
        folder = self._folder / one.tenant / channel.name
        folder.mkdir(parents=True, exist_ok=True)
        ending, body = _content(channel, one)
        path = folder / f"{one.id}{ending}"
        started = path.with_suffix(".part")
        started.write_bytes(body)
        os.replace(started, path)


def _content(channel: Channel, one: Delivery) -> tuple[str, bytes]:
    if channel.kind == "email":
        return ".eml", mail(one, "crmkpi@localhost").as_bytes()
    return ".json", slack_body(one) if channel.kind == "slack" else webhook_body(one)
