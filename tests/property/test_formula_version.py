"""What the examples contribute to cells has a digest, which stands beside the version that it was counted with.

State of another version is re-emitted from its facts. A build that counts otherwise under the same version would go on
with cells of before.
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


def counted(name: str) -> list[str]:
    """The cells of an example, all of its stages told."""
    engine, feed = Engine(TenantBook(settings_of(name))), Feed()
    for stage in EXAMPLES[name]:
        stage.tell(feed)
    give(engine, "t", feed.items, 0)
    while engine.pending:  # panes that are older than their level keeps are folded bit by bit
        engine.step()
        engine.finish()
    return sorted(f"{key} {total}" for key, total in engine.state("t").tenant.cells.items())


def digest() -> str:
    """One digest of the cells of all examples."""
    found = blake2b(digest_size=16)
    for name in sorted(EXAMPLES):
        found.update("\n".join([name, *counted(name)]).encode())
    return found.hexdigest()


def test_what_facts_contribute_changes_with_the_version_only() -> None:
    """When it is meant to change: raise FORMULA_VERSION, then run this test once with the variable named above set."""
    now = f"{FORMULA_VERSION} {digest()}\n"
    if os.environ.get(UPDATE):
        assert now.split()[0] != GOLDEN.read_text().split()[0], (
            f"{GOLDEN.name} has this version already. If this very change raised it, restore that file from git and "
            "run again; otherwise raise FORMULA_VERSION in kpis/state/definition.py"
        )
        GOLDEN.write_text(now)
    assert now.split()[1] != GOLDEN.read_text().split()[1] or now == GOLDEN.read_text(), (
        "another version with the same cells: no example shows the new rule. Add one"
    )
    assert now == GOLDEN.read_text(), (
        f"facts contribute other cells than in {GOLDEN.name}: raise FORMULA_VERSION in kpis/state/definition.py, then "
        f"run this test with {UPDATE}=1. Where nothing was meant to change, this is a fault"
    )
