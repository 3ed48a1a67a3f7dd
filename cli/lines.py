"""Lines of JSONL files, numbered and completed with defaults (id, receive time, tenant)."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from cli.exits import CliError


class Line(NamedTuple):
    """One non-empty line of a file."""

    name: str  # the file's base name; "stdin" for "-"
    number: int  # from 1
    raw: bytes


def read_lines(path: Path) -> Iterator[Line]:
    """The lines of a file, or of standard input for ``-``. Empty ones are skipped but counted. Raises CliError."""
    name = "stdin" if str(path) == "-" else path.name
    try:
        with sys.stdin.buffer if name == "stdin" else path.open("rb") as stream:
            for number, raw in enumerate(stream, start=1):
                if line := raw.strip():
                    yield Line(name, number, line)
    except OSError as error:
        raise CliError(f"cannot read {path}: {error.strerror}") from error


def count_lines(path: Path) -> int | None:
    """The number of lines, for a progress bar; None if unknown in advance."""
    if not path.is_file():
        return None
    with path.open("rb") as stream:
        return sum(block.count(b"\n") for block in iter(lambda: stream.read(1 << 20), b""))


def parsed(raw: bytes) -> dict[str, Any] | None:
    """The line as an object; None if it is not a JSON object (it is sent as it is and becomes a dead letter)."""
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return None
    return value if isinstance(value, dict) else None


def completed(line: Line, tenant: str | None) -> bytes:
    """The line with defaults: id ``name/line``, ``recordedtime`` = its time (history is not late), the tenant.

    All other bytes are kept, so that an error gets the same verdict as from any producer.
    """
    if (event := parsed(line.raw)) is None:
        return line.raw
    extra = {k: v for k, v in _lacking(line, event, tenant).items() if k not in event}
    if not extra:
        return line.raw
    body = line.raw[1:].lstrip()
    return orjson.dumps(extra)[:-1] + (b"" if body.startswith(b"}") else b",") + body


def _lacking(line: Line, event: dict[str, Any], tenant: str | None) -> dict[str, Any]:
    lacking: dict[str, Any] = {"id": f"{line.name}/{line.number}"}
    # With sentat, recordedtime would be taken for clock skew to correct.
    if isinstance(event.get("time"), str) and "sentat" not in event:
        lacking["recordedtime"] = event["time"]
    if tenant:
        lacking["tenantid"] = tenant
    return lacking
