"""Stories about disjoint sets of subjects of one tenant, and what of a document adds up over them."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, Final

from hypothesis import strategies as st

from models.settings import TenantBook
from tests.property.events import BASE, Told, stories
from tests.property.lanes import World, row_of

ADDED: Final = TenantBook.from_mapping({"tenants": {"whole": {"tz": "Europe/Helsinki", "dimensions": ["tier"]}}})
NAMES: Final = (
    "customer_id", "lead_id", "user_id", "anonymous_id", "contact_id", "deal_id", "order_id", "subscription_id",
    "contract_id", "message_id", "record_id", "ticket_id", "cost_id", "click_id",
)  # fmt: skip
SIDES: Final = ("numerator", "denominator", "n", "unpriced", "late_revised", "excluded")
# Quotients of sums on either side, or a product: what they are made of adds up, and is compared in other rows.
RANKED: Final = ("rfm_segment",)  # places among all others
NOT_SUMS: Final = (
    "customer_engagement_score",
    "stickiness",
    "customer_effort_score", "customer_effort_score_index", "csat_mean",
    "pipeline_velocity", "pipeline_velocity_closed", "pipeline_velocity_worked", "customer_lifetime_value_simple",
)  # fmt: skip

# A segment's denominator is everybody.
OF_ALL: Final = ("customer_source_share",)


@st.composite
def halves(draw: st.DrawFn) -> tuple[World, World]:
    """Two stories without a common id."""
    first, second = (draw(stories(7)) for _ in range(2))
    return _world(first, "x"), _world(second, "y")


def _world(story: list[Told], mark: str) -> World:
    # Each half has told of a customer: else its counts of customers are not known rather than nought.
    story = [*story, Told("crm.customer.updated", BASE, 0, 0, "/a", {"customer_id": "c1"})]
    return [[row_of(_renamed(told, mark), "whole", f"{mark}{number}")] for number, told in enumerate(story)]


def _renamed(told: Told, mark: str) -> Told:
    """The event with every id its half's own; rates and targets are everybody's, so they stay away."""
    kind = "crm.novel.happened" if told.kind in ("crm.fx.rate_set", "crm.target.set") else told.kind
    return told._replace(kind=kind, data=renamed(told.data, mark))


def renamed(data: dict[str, Any], mark: str) -> dict[str, Any]:
    """An event's data with a mark behind every id."""
    found = {name: f"{value}{mark}" if name in NAMES else value for name, value in data.items()}
    if "loser_ids" in data:
        found |= {"winner_id": f"{data['winner_id']}{mark}", "loser_ids": [f"{one}{mark}" for one in data["loser_ids"]]}
    return found


def sides(document: Mapping[str, Any], *, late: bool) -> dict[str, Fraction]:
    """The fields of a document that are sums, with or without the late events; what is not known counts nothing."""
    kpi = document.get("kpi")
    left_out = {"numerator", "denominator"} if kpi in NOT_SUMS else {"denominator", "n"} if kpi in OF_ALL else set()
    left_out |= set() if late else {"late_revised"}
    left_out |= set(SIDES) if document.get("kpi") in RANKED else set()
    return {side: Fraction(0 if side in left_out else document.get(side) or 0) for side in SIDES}
