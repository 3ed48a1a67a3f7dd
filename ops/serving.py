"""Serves an ASGI app with uvicorn, as all our servers do."""

import logging
from typing import Any

import uvicorn

from ops.listening import WAITING


def config(app: Any, *, grace_s: int, **more: Any) -> uvicorn.Config:
    """Common settings. ``grace_s``: seconds for requests in progress at shutdown; ``more``: of `uvicorn.Config`."""
    logging.getLogger("uvicorn").setLevel(logging.WARNING)  # its routine messages repeat ours
    return uvicorn.Config(
        app,
        access_log=False,  # URLs may contain tokens and personal ids
        log_config=None,
        server_header=False,
        backlog=WAITING,
        timeout_graceful_shutdown=grace_s,
        ws="none",
        **more,
    )


class Server(uvicorn.Server):
    """Treats a requested stop as a normal exit: does not raise the signal again afterwards."""

    def handle_exit(self, sig: int, frame: object) -> None:
        """As uvicorn's. A second signal stops without waiting for requests in progress."""
        self.force_exit, self.should_exit = self.should_exit, True
