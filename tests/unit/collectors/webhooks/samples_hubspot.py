"""Deliveries of HubSpot, in both forms."""

from typing import Any, Final

from tests.unit.collectors.webhooks.samples import AT, AT_MS, Expected, Sample


def notice(kind: str, number: int = 1, **more: Any) -> dict[str, Any]:
    """A notice in the older form."""
    return {
        "eventId": number, "subscriptionId": 20, "portalId": 62515, "appId": 54321, "occurredAt": AT_MS,
        "subscriptionType": kind, "attemptNumber": 0, "objectId": 1246, "changeSource": "CRM_UI", **more,
    }  # fmt: skip


def change(kind: str, name: str, value: str, number: int = 1, **more: Any) -> dict[str, Any]:
    """A property that changed, in the older form."""
    return notice(f"{kind}.propertyChange", number, propertyName=name, propertyValue=value, **more)


def _deal(type_: str, number: int, **data: Any) -> Expected:
    return f"deal.{type_}", f"{number}-20-{AT_MS}", AT, {"deal_id": "1246", "version": AT_MS, **data}


def _record(happening: str, number: int, kind: str, **more: Any) -> Expected:
    about = {"object": kind, "record_id": "1246", "origin": "ui", **more}
    return f"record.{happening}", f"{number}-20-{AT_MS}-record", AT, about


_ID: Final = f"1-20-{AT_MS}"
_MERGE: Final = {"primaryObjectId": 7, "mergedObjectIds": [8, 9], "newObjectId": 70, "changeSource": None}

HUBSPOT: Final = (
    Sample(
        "hubspot", "a deal moves, older form",
        [change("deal", "dealstage", "presentationscheduled"), change("deal", "dealstage", "closedwon", 2)],
        (_deal("stage_changed", 1, to_stage="presentationscheduled"), _deal("stage_changed", 2, to_stage="closedwon")),
    ),
    Sample(
        "hubspot", "a deal moves, newer form",
        [change("object", "dealstage", "closedlost", objectTypeId="0-3", isSensitive=False)],
        (_deal("stage_changed", 1, to_stage="closedlost"),),
    ),
    Sample(
        "hubspot", "the end of a deal in a pipeline of one's own, its date and its reason",
        [
            change("deal", "hs_is_closed_won", "true"), change("deal", "closedate", "1795003100000", 2),
            change("deal", "closed_lost_reason", "price", 3), change("deal", "hs_is_closed_won", "false", 4),
            change("deal", "hs_is_closed_lost", "true", 5),
        ],
        (
            _deal("won", 1), _deal("updated", 2, closed_at="2026-11-18T11:58:20Z"),
            _deal("updated", 3, reason="price"), _deal("lost", 5),
        ),
        ignored=1,
    ),
    Sample(
        "hubspot", "an amount, where the address says the currency", [change("deal", "amount", "1200.50")],
        (_deal("updated", 1, amount="1200.50", currency="EUR"),), query="currency=eur",
    ),
    Sample(
        "hubspot", "an amount of a portal with several currencies",
        [change("deal", "amount", "900"), change("deal", "amount_in_home_currency", "1000", 2)],
        (_deal("updated", 2, amount="1000", currency="GBP"),), query="company_currency=GBP", ignored=1,
    ),
    Sample(
        "hubspot", "an amount without a currency",
        [change("deal", "amount", "900")], (_deal("updated", 1, amount="900"),)
    ),
    Sample(
        "hubspot", "a deal comes, and goes, and comes back",
        [notice("deal.creation"), notice("deal.deletion", 2), notice("object.restore", 3, objectTypeId="0-3")],
        (
            ("deal.created", _ID, AT, {"deal_id": "1246"}), _record("created", 1, "deal"),
            _deal("deleted", 2), _record("deleted", 2, "deal"), _deal("reopened", 3),
        ),
    ),
    Sample(
        "hubspot", "an imported deal has the date it was created on",
        [notice("deal.creation", changeSource="IMPORT"), change("deal", "createdate", "1790000000000", 2)],
        (
            ("deal.created", _ID, AT, {"deal_id": "1246"}), _record("created", 1, "deal", origin="import"),
            ("deal.created", f"2-20-{AT_MS}", "2026-09-21T14:13:20Z", {"deal_id": "1246"}),
        ),
    ),
    Sample(
        "hubspot", "deals go up in a new one", [{**notice("deal.merge"), **_MERGE}],
        tuple(
            one
            for place, gone in enumerate("897")
            for one in (
                ("deal.merged", f"{_ID}-{place}", AT, {"deal_id": gone, "into_deal_id": "70", "version": AT_MS}),
                ("record.merged", f"{_ID}-record-{place}", AT,
                 {"object": "deal", "record_id": gone, "into_record_id": "70"}),
            )
        ),
    ),
    Sample(
        "hubspot", "companies go up in one of them",
        [{**notice("company.merge"), "primaryObjectId": 7, "mergedObjectIds": [8], "changeSource": None}],
        (
            ("identity.merged", _ID, AT, {"winner_id": "7", "loser_ids": ["8"], "entity": "customer"}),
            ("record.merged", f"{_ID}-record-0", AT, {"object": "company", "record_id": "8", "into_record_id": "7"}),
        ),
    ),
    Sample(
        "hubspot", "a contact is a lead by its lifecycle, until it is a customer",
        [
            notice("contact.creation"), change("contact", "lifecyclestage", "lead", 2),
            change("contact", "lifecyclestage", "salesqualifiedlead", 3),
            change("contact", "lifecyclestage", "customer", 4), change("contact", "hubspot_owner_id", "9", 5),
        ],
        (
            _record("created", 1, "contact"),
            *(
                (f"lead.{happening}", f"{number}-20-{AT_MS}", AT,
                 {"lead_id": "1246", "contact_id": "1246", "traits": {"lifecyclestage": stage}})
                for number, happening, stage in ((2, "created", "lead"), (3, "qualified", "salesqualifiedlead"))
            ),
        ),
        ignored=2,
    ),
    Sample(
        "hubspot", "a company is a customer when its lifecycle says so",
        [notice("company.creation"), change("company", "lifecyclestage", "customer", 2),
         change("company", "industry", "BANKING", 3), change("company", "city", "Turku", 4)],
        (
            _record("created", 1, "company"), ("customer.created", f"2-20-{AT_MS}", AT, {"customer_id": "1246"}),
            ("customer.updated", f"3-20-{AT_MS}", AT, {"customer_id": "1246", "traits": {"industry": "BANKING"}}),
        ),
        query="traits=industry,dealtype", ignored=1,
    ),
    Sample(
        "hubspot", "who belongs to whom",
        [
            notice("deal.associationChange", associationType="DEAL_TO_COMPANY", fromObjectId=5, toObjectId=6,
                   associationRemoved=False, isPrimaryAssociation=True),
            notice("deal.associationChange", 2, associationType="DEAL_TO_COMPANY", fromObjectId=5, toObjectId=66,
                   associationRemoved=False, isPrimaryAssociation=False),
            notice("object.associationChange", 3, fromObjectTypeId="0-1", toObjectTypeId="0-3", fromObjectId=4,
                   toObjectId=5, associationRemoved=False),
            notice("contact.associationChange", 4, associationType="CONTACT_TO_COMPANY", fromObjectId=4, toObjectId=6,
                   associationRemoved=False, isPrimaryAssociation=True),
            notice("contact.associationChange", 5, associationType="CONTACT_TO_COMPANY", fromObjectId=4, toObjectId=6,
                   associationRemoved=True, isPrimaryAssociation=True),
        ],
        (
            ("deal.updated", _ID, AT, {"deal_id": "5", "customer_id": "6", "version": AT_MS}),
            ("deal.created", f"3-20-{AT_MS}", AT, {"deal_id": "5", "contact_id": "4", "lead_id": "4"}),
            ("identity.identified", f"4-20-{AT_MS}", AT, {"contact_id": "4", "lead_id": "4", "customer_id": "6"}),
        ),
        ignored=2,
    ),
    Sample(
        "hubspot", "a contact wants to be forgotten", [notice("contact.privacyDeletion")],
        (("privacy.erasure_requested", _ID, AT, {"lead_id": "1246", "contact_id": "1246", "mode": "forget"}),),
    ),
    Sample(
        "hubspot", "a ticket", [notice("ticket.creation"), change("ticket", "closed_date", str(AT_MS), 2)],
        (
            ("ticket.opened", _ID, AT, {"ticket_id": "1246"}), _record("created", 1, "ticket"),
            ("ticket.resolved", f"2-20-{AT_MS}", AT, {"ticket_id": "1246"}),
        ),
    ),
    Sample(
        "hubspot", "a bad notice loses none of its neighbours",
        [
            change("deal", "dealstage", "demo"), "notice", notice("deal.creation", 2, occurredAt="soon"),
            change("deal", "amount", "12,50", 3), change("deal", "closedate", "9999999999999999", 4),
            notice("deal.creation", 5, objectId=None), change("deal", "pipeline", "x" * 300, 6),
            change("deal", "pipeline", "default", 7), notice("product.creation", 8),
        ],
        (_deal("stage_changed", 1, to_stage="demo"), _deal("updated", 7, pipeline="default")),
        bad=("item", "occurredAt", "amount", "propertyValue", "objectId", "pipeline"), ignored=1, query="currency=EUR",
    ),
)  # fmt: skip
