"""One worker: ``python -m streams [--as-of T]``. T: RFC 3339 with offset, or a date (the end of that day, UTC)."""

import argparse
from datetime import UTC, date, datetime, timedelta

from streams.bootstrap import start


def moment(text: str) -> int:
    """Milliseconds UTC of an RFC 3339 time, or of the end of a day. Raises ValueError."""
    if len(text) == len("2017-12-31"):
        day = datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC)
        return int((day + timedelta(days=1)).timestamp() * 1000)
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"{text}: a time needs an offset, like 2017-12-31T00:00:00Z")
    return int(at.timestamp() * 1000)


def main() -> None:
    """Parse the command line and run until stopped."""
    parser = argparse.ArgumentParser(prog="python -m streams", description=__doc__)
    parser.add_argument("--as-of", type=moment, metavar="T", help="freeze the clock: publish the values of this moment")
    start(parser.parse_args().as_of)


if __name__ == "__main__":
    main()
