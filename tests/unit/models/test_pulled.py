"""Settings of sources that are pulled."""

from typing import Any

import pytest

from models.settings import SettingsError, load_settings

DATABASE = {
    "kind": "database", "name": "shop", "tenant": "acme", "url_env": "SHOP", "mapping": "m.toml", "cursor": "at",
    "table": "deals", "key": ["id"],
}  # fmt: skip
HUBSPOT = {"kind": "hubspot", "name": "crm", "tenant": "acme", "token_env": "TOKEN"}
QUERY = "SELECT * FROM d WHERE at > :cursor LIMIT :n"


def load(*sources: dict[str, Any]) -> Any:
    """The sources."""
    return load_settings({"collect": {"sources": list(sources)}}).collect.sources


def test_good_ones_are_taken() -> None:
    """A source of each way."""
    shop, crm = load(DATABASE, {**HUBSPOT, "currency": "eur"})
    assert (shop.overlap, shop.every, crm.currency) == (300.0, None, "EUR")
    assert load({**DATABASE, "table": None, "key": [], "query": QUERY, "start": "2026-01-01"})[0].start == "2026-01-01"


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ({**DATABASE, "url_file": "u"}, "either url_file or url_env"),
        ({**DATABASE, "query": QUERY}, "either table or query"),
        ({**DATABASE, "key": []}, "key is missing"),
        ({**DATABASE, "table": None, "query": "SELECT 1"}, ":cursor and :n"),
        ({**DATABASE, "table": None, "query": QUERY}, "start is missing"),
        ({**DATABASE, "tenant": "A B"}, "a tenant's name"),
        ({**DATABASE, "every": 0}, "every"),
        ({**HUBSPOT, "token_env": None}, "either token_file or token_env"),
        ({**HUBSPOT, "currency": "XXY"}, "not an ISO 4217 currency"),
        ({**HUBSPOT, "base_url": "https://user:pw@x.example"}, "base_url"),
        ({**HUBSPOT, "base_url": "http://api.hubapi.com"}, "base_url"),
        ({**HUBSPOT, "token": "secret-value"}, "token"),
        ({**HUBSPOT, "kind": "other"}, "kind"),
    ],
)
def test_wrong_ones_are_named(source: dict[str, Any], text: str) -> None:
    """And no secret is repeated."""
    with pytest.raises(SettingsError) as caught:
        load(source)
    assert text in str(caught.value)
    assert "secret-value" not in str(caught.value)


def test_names_are_unique() -> None:
    """Their state files are called by them."""
    with pytest.raises(SettingsError, match="shop is listed twice"):
        load(DATABASE, DATABASE)
