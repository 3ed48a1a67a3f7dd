"""What `kpis get` and `dlq` say of what is not there."""

import pytest

from cli.exits import CliError
from cli.flags import one_of
from cli.kpis import absent
from models.validate import REASONS


def test_a_number_that_is_not_there_is_explained() -> None:
    """Nobody's are published, not this tenant's, or only not this one: each names what to do next."""
    assert "`crmkpi doctor`" in absent("win_rate of acme, window 30d", "acme", [])
    assert "use --tenant with one of acme, beta" in absent("win_rate of ghost, window 30d", "ghost", ["acme", "beta"])
    assert absent("win_rate of acme, window 30d", "acme", ["acme"]).startswith("win_rate of acme, window 30d, is not")


def test_hundreds_of_tenants_are_not_all_named() -> None:
    """One line stays one line."""
    assert len(absent("x", "ghost", [f"tenant-{n}" for n in range(1000)])) < 400


def test_a_reason_that_does_not_exist_is_refused_with_the_nearest() -> None:
    """A letter of a conflict says `id_conflict`; before, another word chose no letters and looked like all is well."""
    assert one_of("id_conflict", REASONS, "reason") == "id_conflict"
    with pytest.raises(CliError, match="did you mean id_conflict"):
        one_of("conflict", REASONS, "reason", "docs/operations.md")
