"""What `kpis get` and `dlq` say of what is not there."""

import pytest

from cli.exits import CliError
from cli.explained import explained
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


def test_a_target_and_a_change_are_shown_in_words() -> None:
    """Not as the objects of the document."""
    target = {"value": 0.5, "attainment": 0.97, "pace": 1.05, "projection": 0.51}
    document = {
        "kpi": "win_rate", "unit": "ratio", "value": 0.485, "window": "month", "status": "ok", "state": "live",
        "segment": {}, "target": target, "previous": 0.258, "trend": {"changed": False},
    }  # fmt: skip

    lines = dict(explained(document, "Win rate"))

    assert lines["target"] == "50.0%, 97% reached, 105% of the pace, projection 51.0%"
    assert lines["previous"] == "25.8% (no clear change)"
