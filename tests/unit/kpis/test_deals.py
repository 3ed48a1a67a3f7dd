"""What a deal's events say it is."""

from kpis.deals import deal_event, read_deal
from models.settings import TenantSettings


def test_an_undated_creation_comes_before_a_dated_one() -> None:
    """Also where no event has a version, so that the rule of versions would hold for none."""
    dated = deal_event(2_000, "created", "/a", "e1", {"owner_id": "anna"})
    undated = deal_event(2_000, "created", "/a", "e2", {"owner_id": "otto", "time_known": False})
    for events in ([dated, undated], [undated, dated]):
        deal = read_deal(events, TenantSettings())
        assert (deal.attributes["owner_id"], deal.created) == ("anna", 2_000)
