"""How worker processes are started."""

import pytest

from cli.moment import as_of_ms
from cli.workers import worker_command
from streams.__main__ import moment


@pytest.mark.parametrize(
    "text", ["2026-10-31", "2026-10-31T12:15:00Z", "2026-10-31T12:15:00+05:30", "2026-10-31T12:15"]
)
@pytest.mark.parametrize("tz", ["UTC", "Europe/Helsinki", "Asia/Kolkata"])
def test_a_worker_understands_the_moment_it_is_given(text: str, tz: str) -> None:
    """Every form of --as-of reaches the worker as the same instant."""
    at = as_of_ms(text, tz)
    command = worker_command(at)

    assert at == moment(command[command.index("--as-of") + 1])


def test_a_worker_has_no_moment_unless_given() -> None:
    """Live is the default."""
    assert "--as-of" not in worker_command()
