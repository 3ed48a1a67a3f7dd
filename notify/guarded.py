"""HTTP to addresses that users give, without a way into the networks this machine can see (SSRF).

The name is resolved here, every address it has is checked, and the connection goes to one that was checked, so that a
name which answers differently the second time changes nothing. Redirects are not followed, and proxies of the
environment are not used.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Sequence
from typing import Final

import httpx

from models.notifying import Network, NotifySettings
from notify.sending import NotSent

NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
Found = ipaddress.IPv4Address | ipaddress.IPv6Address


def may_reach(address: Found, allowed: Sequence[Network]) -> bool:
    """Whether it is a public address, or one of those that are allowed."""
    inner = _inner(address)
    if any(inner.version == network.version and inner in network for network in allowed):
        return True
    return bool(address.is_global and inner.is_global and not inner.is_multicast)


def _inner(address: Found) -> Found:
    """The IPv4 address that an IPv6 one stands for (mapped, 6to4, NAT64), or itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


class Guarded(httpx.AsyncBaseTransport):
    """A transport for `httpx.AsyncClient`. Raises NotSent for an address that must not be reached."""

    def __init__(self, settings: NotifySettings) -> None:
        self._allowed = settings.allow_networks
        # Connections are told apart by address and port only: one to another name there must never be used again.
        self._inner = httpx.AsyncHTTPTransport(trust_env=False, limits=httpx.Limits(max_keepalive_connections=0))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """To a checked address; the name stays what the certificate must be of."""
        host = request.url.host
        address = await self._checked(host, request.url.port or (443 if request.url.scheme == "https" else 80))
        request.extensions = {**request.extensions, "sni_hostname": host}
        request.url = request.url.copy_with(host=address)
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        """Give connections back."""
        await self._inner.aclose()

    async def _checked(self, host: str, port: int) -> str:
        try:
            told = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise httpx.ConnectError(f"{host}: no such name") from error
        found = list(dict.fromkeys(str(one[4][0]) for one in told))
        for one in found:
            if not may_reach(ipaddress.ip_address(one.partition("%")[0]), self._allowed):
                raise NotSent(f"{host} is a private address; notify.allow_networks can allow it")
        return found[0]


def client(settings: NotifySettings) -> httpx.AsyncClient:
    """A client for addresses that users give."""
    return httpx.AsyncClient(
        transport=Guarded(settings), timeout=settings.timeout_s, follow_redirects=False, trust_env=False
    )
