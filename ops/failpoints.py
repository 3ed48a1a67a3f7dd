"""Places where a test lets a process die: ``VARIABLE=name[:nth]`` kills at the nth pass of ``name``."""

import os
import signal
from collections.abc import Sequence


class Failpoints:
    """Those of one part of the program. Raises ValueError when the variable names one that there is not."""

    def __init__(self, variable: str, names: Sequence[str]) -> None:
        self._name, _, nth = os.environ.get(variable, "").partition(":")
        self._left = int(nth or 1)
        if self._name and self._name not in names:
            raise ValueError(f"{variable}={self._name}: unknown; one of {', '.join(names)}")

    def reach(self, name: str) -> None:
        """Die here, as by ``kill -9``, when this is the chosen place and time."""
        if name != self._name:
            return
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
