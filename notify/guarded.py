"""HTTP to user-supplied URLs, without access to internal networks (SSRF).

The name is resolved here, all its addresses are checked, and the connection goes to a checked one, so that a name which
resolves differently the second time has no effect. Redirects are not followed, and environment proxies are ignored.
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
    """Whether an address is public, or explicitly allowed."""
    inner = _inner(address)
    if any(inner.version == network.version and inner in network for network in allowed):
        return True
    return bool(address.is_global and inner.is_global and not inner.is_multicast)


def _inner(address: Found) -> Found:
    """The IPv4 address embedded in an IPv6 one (mapped, 6to4, NAT64), or the address itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


class Guarded(httpx.AsyncBaseTransport):
    """A transport for `httpx.AsyncClient`. Raises NotSent for a forbidden address."""

    def __init__(self, settings: NotifySettings) -> None:
        self._allowed = settings.allow_networks
        # The pool identifies connections by address and port only: never reuse one opened for another name.
        self._inner = httpx.AsyncHTTPTransport(trust_env=False, limits=httpx.Limits(max_keepalive_connections=0))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Sends to a checked address; the certificate is still verified against the name."""
        host = request.url.host
        address = await self._checked(host, request.url.port or (443 if request.url.scheme == "https" else 80))
        request.extensions = {**request.extensions, "sni_hostname": host}
        request.url = request.url.copy_with(host=address)
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        """Close the connections."""
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
    """A client for user-supplied URLs."""
    return httpx.AsyncClient(
        transport=Guarded(settings), timeout=settings.timeout_s, follow_redirects=False, trust_env=False
    )
