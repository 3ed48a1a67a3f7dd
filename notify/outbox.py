"""A folder that replaces every channel: messages are written there, and nothing leaves the machine."""

import asyncio
import os
from pathlib import Path
from typing import Final

from models.notifying import Channel
from notify.mail import mail
from notify.message import Delivery
from notify.over_http import slack_body, webhook_body

SENDER: Final = "crmkpi@localhost"  # of e-mails that are not sent


def put(path: Path, body: bytes) -> None:
    """Write a file atomically, replacing one of that name; folders are created. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    started = path.with_suffix(".part")
    started.write_bytes(body)
    os.replace(started, path)


class Outbox:
    """One file per message, named by its id, so a repeated write replaces it."""

    def __init__(self, folder: str) -> None:
        self._folder = Path(folder)

    async def send(self, channel: Channel, one: Delivery) -> None:
        """Returns once the file is written. Raises OSError."""
        await asyncio.to_thread(self._write, channel, one)

    def _write(self, channel: Channel, one: Delivery) -> None:
        ending, body = _content(channel, one)
        put(self._folder / one.tenant / channel.name / f"{one.id}{ending}", body)


def _content(channel: Channel, one: Delivery) -> tuple[str, bytes]:
    if channel.kind == "email":
        return ".eml", mail(one, SENDER).as_bytes()
    return ".json", slack_body(one) if channel.kind == "slack" else webhook_body(one)
