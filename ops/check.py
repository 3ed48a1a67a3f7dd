"""One line of what `crmkpi doctor` says."""

from typing import NamedTuple


class Check(NamedTuple):
    """`found` says what is, `fix` what to do when it is not `ok`. Neither holds a secret."""

    name: str
    ok: bool
    found: str
    fix: str = ""
