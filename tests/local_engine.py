"""A lane's engine without a process of its own, for tests of what calls it: the same host, called directly."""

import socket
from typing import Any

from streams.engine import frames
from streams.engine.client import EngineFailed, EngineProcess, LaneEngine
from streams.engine.host import Host
from streams.engine_port import Engine


class Here(EngineProcess):
    """Answers in this process; what is said and answered crosses as it would."""

    def __init__(self, engine: Engine) -> None:
        self._host = Host(socket.socketpair()[0], lambda: engine)
        self._host.open(0)

    async def call(self, lane: int, method: str, *arguments: Any, limit: float = 0.0) -> Any:
        """As the process does."""
        return self._answer(lane, method, arguments)

    def post(self, lane: int, method: str, *arguments: Any) -> None:
        """As the process does."""
        self._answer(lane, method, arguments)

    def _answer(self, lane: int, method: str, arguments: tuple[Any, ...]) -> Any:
        given = frames.decode(frames.encode(arguments)[frames.HEADER.size :])
        try:
            result = getattr(self._host, method)(lane, *given)
        except Exception as error:
            raise EngineFailed(type(error).__name__, str(error), "") from error
        return frames.decode(frames.encode((result,))[frames.HEADER.size :])[0]


def local_engine(engine: Engine, *tenants: str) -> LaneEngine:
    """The engine of lane 0, which knows these tenants."""
    lane = Here(engine).lane(0)
    lane.tenants = set(tenants)
    return lane
