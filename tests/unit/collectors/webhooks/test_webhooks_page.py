"""docs/webhooks.md: every provider is on it, and what it says of them is so."""

import re
from pathlib import Path

from models.events import SHAPES
from tests.unit.collectors.webhooks.test_samples import PROVIDERS, SAMPLES

PAGE = (Path(__file__).parents[4] / "docs" / "webhooks.md").read_text()


def test_every_provider_is_on_the_page() -> None:
    """By its name in the address, and by its own name."""
    for provider in PROVIDERS.values():
        assert f"`{provider.name}`" in PAGE, provider.name
        assert provider.title.split(" (")[0] in PAGE, provider.title


def test_every_type_on_the_page_is_one_of_ours() -> None:
    """Of the entities that only we have; the types of others are written like ours."""
    ours = {name.removeprefix("crm.") for name in SHAPES}
    entities = "deal|lead|customer|identity|order|subscription|payment|survey|record|privacy|social"
    theirs = {
        "deal.creation", "deal.deletion", "deal.restore", "deal.merge", "deal.propertyChange", "deal.id", "deal.one",
        "customer.subscription", "charge.refunded",
    }  # fmt: skip
    told = set(re.findall(rf"`((?:{entities})\.[a-z_]+)", PAGE, re.IGNORECASE))
    assert {name for name in told if not name.startswith("customer.subscription")} - theirs <= ours


def test_every_type_that_is_made_is_on_the_page() -> None:
    """Of the samples."""
    made = {event[0] for sample in SAMPLES for event in sample.expected}
    assert {name for name in made if name not in PAGE} <= {"page.viewed"}
