"""What is remembered of an erased id: never the id itself. Rules: kpis.state.erasure."""

from typing import NamedTuple


class Erased(NamedTuple):
    """An erasure of an id, asked for at ``time`` ms. ``surrogate`` stands in its place; None: its facts are gone."""

    time: int
    surrogate: str | None
