"""The lane's position: an entry in the changelog, written in every transaction.

It decides where a lane resumes. The consumer group's offset is for lag tools only: it can expire, be reset or be
renamed while the state stays.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

import orjson

from streams.stop import Refused

KEY: Final = b"p"
VERSION: Final = 2  # a build that doesn't know this version's entries must not continue counting


class Position(NamedTuple):
    """How far a lane's state has come."""

    next: int  # the first journal offset that is not in the state
    epoch: int  # raised to replace published values: a higher epoch wins over a lower one
    topics: Mapping[str, str]  # name -> id of the journal and the inputs to which the state's offsets belong
    tries: int = 0  # how often a worker started counting here without getting past it


def encode(position: Position) -> bytes:
    """Encode for the changelog."""
    fields = {"v": VERSION, "next": position.next, "epoch": position.epoch, "topics": dict(position.topics)}
    return orjson.dumps({**fields, "tries": position.tries} if position.tries else fields)


def decode(value: bytes) -> Position:
    """Decode from the changelog. Raises Refused for an unknown version, which a restart would not fix."""
    fields = orjson.loads(value)
    if fields["v"] not in (1, VERSION):
        raise Refused(
            f"the state was written by a newer build (position entry of version {fields['v']}). "
            "Start that build again, or count the journal again with another CRMKPI_APP_ID: docs/upgrade.md"
        )
    return Position(fields["next"], fields["epoch"], fields["topics"], fields.get("tries", 0))
