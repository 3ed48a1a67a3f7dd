"""The demo's producers."""

import re
from itertools import islice

from cli.demo_feed import COMPANIES, DAILY, FIRST, companies, new_world, owned
from simulator import Sent


def refused(tenant: str, value: bytes) -> Sent:
    """A record whose key names ``tenant``."""
    return Sent("crm.touchpoints.pages.v1", 0, tenant.encode(), value, [], 1_795_000_000_000)


def test_every_record_counts_for_a_company_of_the_demo() -> None:
    """Also one whose content names a tenant that cannot be, which would count for `default`."""
    names = {company.tenant for company in COMPANIES}
    records, owners = owned([refused("nordbolt", b'{"type":"crm.page.viewed","tenantid":"Acme:*","data":{}}')])

    assert owners == ["nordbolt"]
    assert len(records) == 1
    assert set(owned(list(islice(new_world(1, 3).history(), 2000)))[1]) <= names


def test_two_demos_have_different_tenants() -> None:
    """On one Redis they would publish over each other's numbers."""
    names = [{company.tenant for company in companies(run)} for run in ("", "a1", "b2")]

    assert [len(each) for each in names] == [len(COMPANIES)] * 3
    assert len(set.union(*names)) == 3 * len(COMPANIES)


def test_the_progress_bar_knows_about_how_much_there_is() -> None:
    """Within a fifth: a bar that ends at 60 % or runs over its end is worse than none."""
    records = sum(1 for _ in new_world(1, 20).history())

    assert 0.8 < DAILY * 20 / records < 1.25


def test_the_first_company_has_something_for_every_board() -> None:
    """It sells, supports and bills by the month: whoever opens the page sees no empty board."""
    first = companies()[FIRST].tenant
    records, owners = owned(list(new_world(1, 40).history()))
    kind = re.compile(rb'"type":"([a-z_.]+)"')
    found = (kind.search(r.value or b"") for r, owner in zip(records, owners, strict=True) if owner == first)
    said = {one[1].decode() for one in found if one}
    assert {"crm.deal.won", "crm.lead.created", "crm.order.completed", "crm.subscription.started"} <= said
    assert {"crm.renewal.completed", "crm.payment.received", "crm.user.signed_in", "crm.survey.answered"} <= said
