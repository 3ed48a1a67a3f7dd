"""One check of `crmkpi doctor`."""

from typing import NamedTuple


class Check(NamedTuple):
    """`found`: the current state; `fix`: what to do if it is not `ok`. Neither contains a secret."""

    name: str
    ok: bool
    found: str
    fix: str = ""
