"""Questions to workers, over their query ports."""

from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final

from dashboard.ports import QueryRefused, QueryUnavailable
from sinks.read import RedisReader

CLIENT: Final = "sinks.query"


class LaneQueries:
    """`Queries` over `sinks.query.QueryClient`: its failures as those of the ports."""

    def __init__(self, reader: RedisReader) -> None:
        self._module: Any = import_module(CLIENT)
        self._client: Any = self._module.QueryClient(reader)

    async def ask(self, tenant: str, ask: str, **fields: Any) -> dict[str, Any]:
        """The answer. Raises `QueryRefused`, `QueryUnavailable`, `SinkUnavailable`."""
        try:
            found: dict[str, Any] = await self._client.ask(tenant, ask, **fields)
        except self._module.QueryRefused as error:
            raise QueryRefused(error.status, error.words) from error
        except self._module.QueryUnavailable as error:
            raise QueryUnavailable(str(error)) from error
        return found

    async def close(self) -> None:
        """Give connections back."""
        await self._client.close()


class NoQueries:
    """Workers of this build have no query port."""

    async def ask(self, tenant: str, ask: str, **fields: Any) -> dict[str, Any]:
        """Raises `QueryUnavailable`."""
        raise QueryUnavailable("workers of this build answer no questions")

    async def close(self) -> None:
        """Nothing to give back."""


def queries(reader: RedisReader) -> LaneQueries | NoQueries:
    """Over the port, when there is one."""
    return LaneQueries(reader) if find_spec(CLIENT) else NoQueries()
