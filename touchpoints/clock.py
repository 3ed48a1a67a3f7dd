"""The only module of this package that reads the clock."""

from datetime import UTC, datetime


def now() -> datetime:
    """The current time, UTC."""
    return datetime.now(UTC)  # noqa: TID251 -- a producer says when it happened


def stamp(moment: datetime) -> str:
    """RFC 3339 in UTC to the millisecond."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
