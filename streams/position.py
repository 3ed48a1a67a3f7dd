"""The lane's position: an entry of its own in the changelog, written in every transaction.

It decides where a lane goes on. The consumer group's offset is for lag tools only: it can expire, be reset or be
renamed away while the state stays.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

import orjson

from streams.stop import Refused

KEY: Final = b"p"
VERSION: Final = 2  # a build that does not know the entries of this one must not count on


class Position(NamedTuple):
    """How far the state of a lane has come."""

    next: int  # the first journal offset that is not in the state
    epoch: int  # raised by a restatement: values of a higher epoch replace those of a lower one
    topics: Mapping[str, str]  # name -> id of the journal and the inputs that the offsets in the state belong to
    tries: int = 0  # how often a worker began to count at this position and has not come past it


def encode(position: Position) -> bytes:
    """As the changelog holds it."""
    fields = {"v": VERSION, "next": position.next, "epoch": position.epoch, "topics": dict(position.topics)}
    return orjson.dumps({**fields, "tries": position.tries} if position.tries else fields)


def decode(value: bytes) -> Position:
    """Back from the changelog. Raises Refused for a version this build does not know: a restart would not help."""
    fields = orjson.loads(value)
    if fields["v"] not in (1, VERSION):
        raise Refused(
            f"the state was written by a newer build (position entry of version {fields['v']}). "
            "Start that build again, or count the journal again with another CRMKPI_APP_ID: docs/upgrade.md"
        )
    return Position(fields["next"], fields["epoch"], fields["topics"], fields.get("tries", 0))
