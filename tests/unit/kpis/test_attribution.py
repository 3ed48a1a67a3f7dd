"""Where touches come from, and how sales are split among them."""

from typing import Any

import pytest

from kpis.facts.attribution import MODELS, Touch, credits, is_marketing_touch, split, weights
from kpis.facts.channels import label_of

FOUR = [Touch(day, f"t{day}", "unknown") for day in range(4)]


def test_a_path_of_four_by_position() -> None:
    """40, 10, 10 and 40 of a hundred."""
    assert list(credits("position", FOUR, 10_000).values()) == [4000, 1000, 1000, 4000]
    assert list(credits("position", FOUR[:2], 101).values()) == [51, 50]
    assert list(credits("position", FOUR[:1], 101).values()) == [101]


@pytest.mark.parametrize("model", MODELS)
def test_no_cent_is_lost(model: str) -> None:
    """Whatever the amount and the number of touches."""
    for count in range(1, 12):
        for amount in (0, 1, 7, 99, 100, 12_345):
            given = split(amount, weights(model, count))
            assert sum(given) == amount
            assert min(given) >= 0


def test_what_does_not_divide_goes_to_the_largest_rests_first() -> None:
    """Of equal rests to the earlier touch."""
    assert split(100, weights("linear", 3)) == [34, 33, 33]
    assert split(11, weights("position", 4)) == [5, 1, 1, 4]


@pytest.mark.parametrize(
    ("data", "label"),
    [
        ({"source": "fair", "campaign": {"source": "google", "medium": "cpc"}}, "fair"),
        ({"campaign": {"source": "google", "medium": "cpc"}, "referrer": "https://t.co/x"}, "paid search"),
        ({"campaign": {"source": "Facebook.com", "medium": "Paid_Social"}}, "paid social"),
        ({"campaign": {"source": "ads.example", "medium": "ppc"}}, "paid other"),
        ({"campaign": {"source": "ads.example", "medium": "cpm"}}, "display"),
        ({"campaign": {"source": "newsletter", "medium": "email"}}, "email"),
        ({"campaign": {"source": "partner", "medium": "affiliate"}}, "affiliates"),
        ({"campaign": {"name": "spring"}}, "unassigned"),
        ({"campaign": {"name": ""}, "referrer": "https://www.google.co.uk/search"}, "organic search"),
        ({"referrer": "https://m.facebook.com/"}, "organic social"),
        ({"referrer": "https://news.example/a"}, "referral"),
        ({"url": "https://a.example/", "referrer": "https://blog.a.example/"}, None),
        ({"url": "https://a.example/", "referrer": "http://[broken"}, None),
        ({}, None),
    ],
)
def test_where_a_touch_comes_from(data: dict[str, Any], label: str | None) -> None:
    """Its source, else its campaign's group, else its referrer's class."""
    assert label_of(data) == label


def test_what_a_marketing_touch_is() -> None:
    """A plain page view, an outbound call, an opt-out and a bulk mail's click are none."""
    page: dict[str, Any] = {"url": "https://a.example/"}
    assert not is_marketing_touch("crm.page.viewed", page)
    assert is_marketing_touch("crm.page.viewed", {**page, "referrer": "https://b.example/"})
    assert not is_marketing_touch("crm.call.ended", {"direction": "outbound"})
    assert not is_marketing_touch("crm.email.clicked", {"link_url": "https://a.example/unsubscribe"})
    assert not is_marketing_touch("crm.email.clicked", {"bulk": True})
    assert is_marketing_touch("crm.email.clicked", {})
