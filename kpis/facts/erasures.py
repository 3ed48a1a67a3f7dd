"""What is kept of an erased id, never the id itself. Rules: kpis.state.erasure."""

from typing import NamedTuple


class Erased(NamedTuple):
    """An erasure of an id, requested at ``time`` ms. ``surrogate`` replaces the id; None: its facts were removed."""

    time: int
    surrogate: str | None
