"""Rules of how times are read."""

import pytest

from models.instant import instant
from models.refused import Refused


@pytest.mark.parametrize("text", ["2026-11-01T10:00:00", "1999-12-31T23:59:60", "2026-02-28t00:00:01"])
def test_zero_offset_is_utc(text: str) -> None:
    """Written as Z or out, with a leap second or a small t."""
    assert instant(f"{text}+00:00", "time") == instant(f"{text}Z", "time") == instant(f"{text}.0-00:00", "time")


@pytest.mark.parametrize(
    "text", ["2026-02-30T10:00:00", "2026-11-01T24:00:00", "2026-11-01T10:00:61", "2026-11-01T1:00:000"]
)
def test_what_does_not_exist_is_refused(text: str) -> None:
    """Whatever the offset's form."""
    for offset in ("Z", "+00:00"):
        with pytest.raises(Refused):
            instant(text + offset, "time")
