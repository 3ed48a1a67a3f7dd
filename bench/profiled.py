"""A worker under cProfile: ``python profiled.py FILE [arguments]``. Workers exit by ``os._exit``, which dumps it."""

import cProfile
import os
import runpy
import sys
from typing import NoReturn

_end = os._exit
profile = cProfile.Profile()


def dump_and_end(status: int) -> NoReturn:
    """Write the profile, then exit as requested."""
    profile.disable()
    profile.dump_stats(target)
    _end(status)


if __name__ == "__main__":
    target = sys.argv.pop(1)
    sys.path.pop(0)  # remove this folder: its modules are not the worker's
    os._exit = dump_and_end
    profile.enable()
    runpy.run_module("streams", run_name="__main__", alter_sys=True)
