"""All channels behind one `Sender`; and the deliveries of a message, one per receiver."""

from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import Self

from models.notifying import Channel
from models.settings import Settings, SettingsError
from notify.guarded import client
from notify.mail import Mailer
from notify.message import Delivery, Message, stable_id
from notify.outbox import Outbox
from notify.over_http import OverHttp
from notify.sending import NotSent
from notify.to_redis import ToRedis


class Channels:
    """Use as ``async with Channels(settings, now) as channels``. ``now``: ms UTC."""

    def __init__(self, place: Settings, now: Callable[[], int]) -> None:
        self._known = {(one.tenant, one.name): one for one in place.notify.channels}
        self._outbox = Outbox(place.notify.outbox) if place.notify.outbox else None
        self._http = client(place.notify)
        self._over_http = OverHttp(self._http, now)
        self._mailer = Mailer(place.smtp)
        self._redis = ToRedis(place.redis)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()
        await self._redis.close()

    async def send(self, one: Delivery) -> None:
        """See `Sender`. An invalid setting is retried, as it may be fixed."""
        channel = self._known.get((one.tenant, one.channel))
        if channel is None:
            raise NotSent(f"there is no channel {one.channel} of {one.tenant} any more", for_good=True)
        try:
            await self._send(channel, one)
        except SettingsError as error:
            raise NotSent(str(error)) from error
        except OSError as error:
            raise NotSent(f"{type(error).__name__}: {error}") from error

    async def _send(self, channel: Channel, one: Delivery) -> None:
        if self._outbox is not None:
            await self._outbox.send(channel, one)
        elif channel.kind == "email":
            await self._mailer.send(one)
        elif channel.kind == "stream":
            await self._redis.send(one)
        else:
            await self._over_http.send(channel, one)


def deliveries(
    channels: Iterable[Channel],
    names: Iterable[str],
    tenant: str,
    about: str,
    message: Message,
    created: int,
    *parts: object,
) -> Iterator[Delivery]:
    """One delivery per receiver. ``created``: ms UTC. ``parts``: what distinguishes messages about the same thing.

    Unknown channel names are skipped: `unknown_channels` reports them when rules are read.
    """
    known = {one.name: one for one in channels if one.tenant == tenant}
    for name in dict.fromkeys(names):
        if (channel := known.get(name)) is None:
            continue
        for address in channel.addresses or ("",):
            made = stable_id(tenant, about, *parts, name, address)
            yield Delivery(made, tenant, name, about, message, created, address)


def unknown_channels(channels: Iterable[Channel], tenant: str, names: Iterable[str]) -> list[str]:
    """Names that are not channels of the tenant."""
    known = {one.name for one in channels if one.tenant == tenant}
    return [name for name in names if name not in known]
