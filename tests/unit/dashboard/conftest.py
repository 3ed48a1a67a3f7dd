"""A filled rig, and a client on this machine."""

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.unit.dashboard.rig import Rig


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    """The app over a small board of two tenants."""
    made = Rig()
    await made.fill()
    yield made
    await made.parts.streams.close()


@pytest.fixture
async def client(rig: Rig) -> AsyncIterator[httpx.AsyncClient]:
    """Asks from this machine."""
    async with rig.client() as made:
        yield made
