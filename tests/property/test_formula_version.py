"""The cells of every example have a digest, stored with the formula version they were counted with.

State of another version is recomputed from its facts. A build that counts differently under the same version would
continue with outdated cells.
"""

import os
from hashlib import blake2b
from pathlib import Path
from typing import Final

from kpis.engine import Engine
from kpis.state.definition import FORMULA_VERSION
from models.settings import TenantBook
from tests.feed import Feed
from tests.property.examples import EXAMPLES, settings_of
from tests.property.test_examples import give

GOLDEN: Final = Path(__file__).with_name("contributions.txt")
UPDATE: Final = "CRMKPI_UPDATE_CONTRIBUTIONS"
SAME: Final = "a new version with the same cells: no example shows the new rule. Add one"


def counted(name: str) -> list[str]:
    """The cells of an example after all of its stages."""
    engine, feed = Engine(TenantBook(settings_of(name))), Feed()
    for stage in EXAMPLES[name]:
        stage.tell(feed)
    give(engine, "t", feed.items, 0)
    while engine.pending:  # panes older than their level keeps are folded bit by bit
        engine.step()
        engine.finish()
    return sorted(f"{key} {total}" for key, total in engine.state("t").tenant.cells.items())


def digest(name: str) -> str:
    """A digest of an example's cells."""
    return blake2b("\n".join(counted(name)).encode(), digest_size=8).hexdigest()


def test_what_facts_contribute_changes_with_the_version_only() -> None:
    """After an intended change: raise FORMULA_VERSION, then run this test once with the variable named above set."""
    version, *known = GOLDEN.read_text().splitlines()
    before = dict(line.rsplit(" ", 1) for line in known)
    now = {name: digest(name) for name in sorted(EXAMPLES)}
    changed = [name for name, found in now.items() if before.get(name, found) != found]
    if os.environ.get(UPDATE):
        assert not changed or version != str(FORMULA_VERSION), (
            f"these examples differ from {GOLDEN.name}: {changed}. If this very change raised FORMULA_VERSION, restore "
            "that file from git and run again; otherwise raise it in kpis/state/definition.py"
        )
        assert changed or not known or version == str(FORMULA_VERSION), SAME
        GOLDEN.write_text("".join(f"{line}\n" for line in [FORMULA_VERSION, *(f"{a} {b}" for a, b in now.items())]))
        return
    assert not changed, (
        f"facts contribute different cells than in {GOLDEN.name}: {changed}. Raise FORMULA_VERSION in "
        f"kpis/state/definition.py, then run this test with {UPDATE}=1. If no change was intended, this is a bug"
    )
    assert now.keys() == before.keys(), f"an example was added or removed: run this test with {UPDATE}=1"
    assert version == str(FORMULA_VERSION), SAME
