"""Deliveries of Salesforce, Pipedrive and Zoho CRM."""

from typing import Any, Final

from models.salesforce import long_id
from tests.unit.collectors.webhooks.samples import AT, AT_MS, AT_S, Expected, Sample

DEAL15, DEAL = "006Aa00000BcDeF", "006Aa00000BcDeFIAV"
ACCOUNT: Final = "001Aa00000Accnt"
_OTHER: Final = "006Aa00000XyZzY"


def cdc(kind: str, *records: str, entity: str = "Opportunity", sequence: int = 1, **fields: Any) -> dict[str, Any]:
    """A change as Change Data Capture tells it."""
    return {
        "ChangeEventHeader": {
            "entityName": entity, "recordIds": list(records), "changeType": kind, "sequenceNumber": sequence,
            "changeOrigin": "com/salesforce/api/soap/65.0;client=Astro", "transactionKey": "0002343d-9d90-e395-ed20",
            "commitTimestamp": AT_MS, "commitUser": "005B0000001vd0FIAQ", "commitNumber": 65824638,
            "changedFields": [], "nulledFields": [], "diffFields": [],
        },
        **fields,
    }  # fmt: skip


def _sf(type_: str, record: str, suffix: str, sequence: int = 1, **data: Any) -> Expected:
    place = (AT_MS * 1000 + sequence) * 10 + {"-stage": 1, "-closed": 2}.get(suffix, 0)
    more = {"version": place} if type_.startswith("deal.") and type_ != "deal.created" else {}
    return type_, f"0002343d-9d90-e395-ed20-{sequence}-{record}{suffix}", AT, {**data, **more}


def _sf_record(happening: str, record: str, kind: str = "Opportunity") -> Expected:
    about: dict[str, Any] = {"object": kind, "record_id": record, "actor_id": "005B0000001vd0FIAQ", "origin": "api"}
    return _sf(f"record.{happening}", record, "-record", **about)


def outbound(kind: str, fields: dict[str, str], name: str = "04l000000000001AAA") -> bytes:
    """An Outbound Message with one record."""
    inside = "".join(f"<sf:{name}>{value}</sf:{name}>" for name, value in fields.items())
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"
 xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body>
<notifications xmlns="http://soap.sforce.com/2005/09/outbound"><OrganizationId>00D000000000001EAA</OrganizationId>
<ActionId>04k000000000001AAA</ActionId><SessionId xsi:nil="true"/>
<Notification><Id>{name}</Id><sObject xsi:type="sf:{kind}"
 xmlns:sf="urn:sobject.enterprise.soap.sforce.com">{inside}</sObject></Notification>
</notifications></soapenv:Body></soapenv:Envelope>""".encode()


_NEW: Final[dict[str, Any]] = {
    "StageName": "Prospecting", "Amount": 12000.5, "CurrencyIsoCode": "EUR", "CloseDate": "2026-12-31",
    "AccountId": ACCOUNT, "LeadSource": "Web",
}  # fmt: skip
_NEW_ABOUT: Final[dict[str, Any]] = {"deal_id": DEAL, "amount": 12000.5, "currency": "EUR", "closed_at": "2026-12-31",
                     "customer_id": long_id(ACCOUNT), "source": "Web"}  # fmt: skip
_NOW: Final = {"Id": DEAL, "CreatedDate": "2026-11-01T09:00:00.000Z", "SystemModstamp": AT, "StageName": "Closed Won",
               "Amount": "500.0", "CloseDate": "2026-11-18"}  # fmt: skip
_NOW_ABOUT: Final = {"deal_id": DEAL, "amount": "500.0", "currency": "USD", "closed_at": "2026-11-18",
                     "stage": "Closed Won", "version": AT_MS * 10_000}  # fmt: skip
_BORN: Final = ("deal.created", f"{DEAL}-created", "2026-11-01T09:00:00.000Z", {"deal_id": DEAL})

SALESFORCE: Final = (
    Sample(
        "salesforce", "an opportunity is created", cdc("CREATE", DEAL15, **_NEW),
        (
            _sf("deal.created", DEAL, "", **_NEW_ABOUT),
            _sf("deal.stage_changed", DEAL, "-stage", **_NEW_ABOUT, to_stage="Prospecting"),
            _sf_record("created", DEAL),
        ),
    ),
    Sample(
        "salesforce", "several opportunities change at once, in an envelope of a relay",
        [{"data": {"schema": "x", "payload": cdc("UPDATE", DEAL, _OTHER, StageName="Closed Lost")}}],
        (
            _sf("deal.stage_changed", DEAL, "-stage", deal_id=DEAL, to_stage="Closed Lost"),
            _sf("deal.stage_changed", long_id(_OTHER), "-stage", deal_id=long_id(_OTHER), to_stage="Closed Lost"),
        ),
    ),
    Sample(
        "salesforce", "an opportunity is won in a stage of another name",
        cdc("UPDATE", DEAL, StageName="Signed", IsClosed=True, IsWon=True, CloseDate="2026-11-18"),
        (
            _sf("deal.stage_changed", DEAL, "-stage", deal_id=DEAL, to_stage="Signed", closed_at="2026-11-18"),
            _sf("deal.won", DEAL, "-closed", deal_id=DEAL, stage="Signed", closed_at="2026-11-18"),
        ),
    ),
    Sample(
        "salesforce", "an amount, where the address says the currency", cdc("UPDATE", DEAL, Amount=900),
        (_sf("deal.updated", DEAL, "", deal_id=DEAL, amount=900, currency="USD"),), query="currency=USD",
    ),
    Sample(
        "salesforce", "an opportunity is deleted and restored",
        [cdc("DELETE", DEAL), cdc("UNDELETE", DEAL, sequence=2, StageName="Closed Won")],
        (
            _sf("deal.deleted", DEAL, "", deal_id=DEAL), _sf_record("deleted", DEAL),
            _sf("deal.reopened", DEAL, "", 2, deal_id=DEAL),
            _sf("deal.stage_changed", DEAL, "-stage", 2, deal_id=DEAL, to_stage="Closed Won"),
        ),
    ),
    Sample(
        "salesforce", "a lead comes and is converted",
        [
            cdc("CREATE", "00QAa00000LeadAAA", entity="Lead", LeadSource="Partner", Email="a@b.example",
                Status="Open - Not Contacted"),
            cdc("UPDATE", "00QAa00000LeadAAA", entity="Lead", sequence=2, IsConverted=True, Status="Closed - Converted",
                ConvertedAccountId=ACCOUNT, ConvertedOpportunityId=DEAL15),
        ],
        (),
        bad=("ChangeEventHeader.recordIds.0", "ChangeEventHeader.recordIds.0"),
    ),
    Sample(
        "salesforce", "a lead of the right length comes and is converted",
        [
            cdc("CREATE", "00QAa00000Lead1", entity="Lead", LeadSource="Partner", Email="a@b.example"),
            cdc("UPDATE", "00QAa00000Lead1", entity="Lead", sequence=2, IsConverted=True,
                ConvertedAccountId=ACCOUNT, ConvertedOpportunityId=DEAL15),
        ],
        (
            _sf("lead.created", long_id("00QAa00000Lead1"), "", lead_id=long_id("00QAa00000Lead1"), source="Partner",
                email="a@b.example"),
            _sf_record("created", long_id("00QAa00000Lead1"), "Lead"),
            _sf("lead.converted", long_id("00QAa00000Lead1"), "-converted", 2, lead_id=long_id("00QAa00000Lead1"),
                customer_id=long_id(ACCOUNT), deal_id=DEAL),
        ),
    ),
    Sample(
        "salesforce", "a call is logged",
        [
            cdc("CREATE", "00T0000000Call1", entity="Task", TaskSubtype="Call", CallType="Inbound", Status="Completed",
                CallDurationInSeconds=95, WhatId=DEAL15, WhoId="00QAa00000Lead1"),
            cdc("CREATE", "00T0000000Call2", entity="Task", TaskSubtype="Call", Status="Not Started"),
        ],
        (
            _sf("call.ended", long_id("00T0000000Call1"), "", direction="inbound", outcome="connected", duration_s=95,
                deal_id=DEAL, lead_id=long_id("00QAa00000Lead1")),
        ),
        ignored=1,
    ),
    Sample(
        "salesforce", "what has no event of its own is left out",
        [cdc("GAP_UPDATE", DEAL), cdc("UPDATE", DEAL, entity="Product2")], ignored=2,
    ),
    Sample(
        "salesforce", "bad changes", ["change", {"payload": {}}, cdc("UPDATE", DEAL, Amount={"value": 5})],
        bad=("ChangeEventHeader", "ChangeEventHeader", "amount"), query="currency=EUR",
    ),
    Sample(
        "salesforce_outbound", "an opportunity as it is now, its end as its stage says",
        outbound("Opportunity", _NOW), (_BORN, ("deal.updated", "04l000000000001AAA", AT, _NOW_ABOUT)),
        query="currency=USD",
    ),
    Sample(
        "salesforce_outbound", "an opportunity whose fields say that it was won",
        outbound("Opportunity", {**_NOW, "IsWon": "true", "IsClosed": "true"}),
        (_BORN, ("deal.won", "04l000000000001AAA", AT, _NOW_ABOUT)), query="currency=USD",
    ),
    Sample(
        "salesforce_outbound", "a message without its times", outbound("Opportunity", {"Id": DEAL}),
        bad=("SystemModstamp",),
    ),
)  # fmt: skip


def pipedrive(action: str, now: Any, before: Any = None, entity: str = "deal") -> dict[str, Any]:
    """A delivery of version 2."""
    meta = {
        "action": action, "entity": entity, "entity_id": "41", "company_id": "1", "user_id": "77", "id": "c5a1-77",
        "timestamp": "2026-11-18T11:59:00.000Z", "type": "general", "version": "2.0", "webhook_id": "9", "attempt": 1,
    }  # fmt: skip
    return {"meta": meta, "data": now, "previous": before}


_PD: Final = {
    "id": 41, "title": "Hinges", "value": 2500, "currency": "EUR", "status": "open", "stage_id": 3, "pipeline_id": 1,
    "owner_id": 77, "person_id": 5, "org_id": 6, "add_time": "2026-11-18T11:58:00Z", "won_time": None,
}  # fmt: skip
_PD_ABOUT: Final = {"deal_id": "41", "amount": 2500, "currency": "EUR", "pipeline": "1", "owner_id": "77",
                    "contact_id": "5", "customer_id": "6"}  # fmt: skip
_PD_ID: Final = f"c5a1-77-change-deal-41-{AT_MS * 1000}"
_PD_NEW: Final = _PD_ID.replace("change", "create")
_PD_GONE: Final = _PD_ID.replace("change", "delete")
_PD_VERSION: Final = AT_MS * 1000


def pipedrive_v1(action: str, now: Any, before: Any) -> dict[str, Any]:
    """A delivery of version 1."""
    meta = {"v": 1, "action": action, "object": "deal", "id": 41, "company_id": 1, "user_id": 77, "timestamp": AT_S,
            "timestamp_micro": AT_MS * 1000 + 7, "host": "acme.pipedrive.com"}  # fmt: skip
    return {"v": 1, "meta": meta, "event": f"{action}.deal", "retry": 0, "current": now, "previous": before}


_V1: Final = f"deal-41-{AT_MS * 1000 + 7}"
_V1_AT: Final = "2026-11-18T11:59:00.000007Z"

_ACTIVITY: Final = {"id": 41, "done": False, "duration": "00:30", "deal_id": 7, "person_id": 5, "org_id": 6,
                    "owner_id": 77}  # fmt: skip
_ACTIVITY_ABOUT: Final = {"deal_id": "7", "contact_id": "5", "customer_id": "6", "owner_id": "77"}

PIPEDRIVE: Final = (
    Sample(
        "pipedrive", "a deal is created, version 2", pipedrive("create", _PD),
        (
            ("deal.created", _PD_NEW, "2026-11-18T11:58:00Z", {**_PD_ABOUT, "stage": "3"}),
            ("record.created", f"{_PD_NEW}-record", AT, {"object": "deal", "record_id": "41", "actor_id": "77"}),
        ),
    ),
    Sample(
        "pipedrive", "a deal moves, version 2", pipedrive("change", {**_PD, "stage_id": 4}, {"stage_id": 3}),
        (
            ("deal.stage_changed", f"{_PD_ID}-stage", AT,
             {**_PD_ABOUT, "to_stage": "4", "from_stage": "3", "version": _PD_VERSION}),
        ),
    ),
    Sample(
        "pipedrive", "a deal is won, version 2",
        pipedrive("change", {**_PD, "status": "won", "won_time": "2026-11-18T11:58:59Z"}, {"status": "open"}),
        (("deal.won", f"{_PD_ID}-end", AT, {**_PD_ABOUT, "closed_at": "2026-11-18T11:58:59Z",
         "version": _PD_VERSION}),),
    ),
    Sample(
        "pipedrive", "a deal that is won moves, and stays won",
        pipedrive("change", {**_PD, "status": "won", "won_time": "2026-11-10T09:00:00Z", "stage_id": 4},
            {"stage_id": 3}),
        (
            ("deal.stage_changed", f"{_PD_ID}-stage", AT,
             {**_PD_ABOUT, "to_stage": "4", "from_stage": "3", "version": _PD_VERSION}),
            ("deal.won", f"{_PD_ID}-end", AT,
             {**_PD_ABOUT, "closed_at": "2026-11-10T09:00:00Z", "version": _PD_VERSION}),
        ),
    ),
    Sample(
        "pipedrive", "a deal is opened again, version 2", pipedrive("change", _PD, {"status": "lost"}),
        (("deal.reopened", f"{_PD_ID}-end", AT, {**_PD_ABOUT, "version": _PD_VERSION}),),
    ),
    Sample(
        "pipedrive", "a title is no news, but the amount beside it may be",
        pipedrive("change", _PD, {"title": "Hinge"}),
        (("deal.updated", _PD_ID, AT, {**_PD_ABOUT, "version": _PD_VERSION}),),
    ),
    Sample(
        "pipedrive", "a deal is deleted, version 2", pipedrive("delete", None, _PD),
        (
            ("deal.deleted", _PD_GONE, AT, {"deal_id": "41", "version": _PD_VERSION}),
            ("record.deleted", f"{_PD_GONE}-record", AT, {"object": "deal", "record_id": "41", "actor_id": "77"}),
        ),
    ),
    Sample(
        "pipedrive", "a deal is lost and moves, version 1",
        pipedrive_v1("updated", {**_PD, "status": "lost", "stage_id": 2, "lost_time": "2026-11-18 11:58:30",
                                 "lost_reason": "price"}, _PD),
        (
            ("deal.stage_changed", f"updated-{_V1}-stage", _V1_AT,
             {**_PD_ABOUT, "to_stage": "2", "from_stage": "3", "version": _PD_VERSION + 7}),
            ("deal.lost", f"updated-{_V1}-end", _V1_AT,
             {**_PD_ABOUT, "closed_at": "2026-11-18T11:58:30Z", "reason": "price", "version": _PD_VERSION + 7}),
        ),
    ),
    Sample(
        "pipedrive", "a deal goes up in another one, version 1",
        pipedrive_v1("merged", {**_PD, "id": 50, "merge_what_id": 41}, None),
        (
            ("deal.merged", f"merged-{_V1}", _V1_AT, {"deal_id": "41", "into_deal_id": "50",
             "version": _PD_VERSION + 7}),
            ("record.merged", f"merged-{_V1}-record", _V1_AT,
             {"object": "deal", "record_id": "41", "into_record_id": "50", "actor_id": "77"}),
        ),
    ),
    Sample(
        "pipedrive", "a lead, version 2",
        pipedrive("create", {"id": "a-b", "owner_id": 77, "person_id": 5}, None, "lead"),
        (
            ("lead.created", f"c5a1-77-create-lead-41-{AT_MS * 1000}", AT,
             {"lead_id": "41", "owner_id": "77", "contact_id": "5"}),
            ("record.created", f"c5a1-77-create-lead-41-{AT_MS * 1000}-record", AT,
             {"object": "lead", "record_id": "41", "actor_id": "77"}),
        ),
    ),
    Sample(
        "pipedrive", "a call is done",
        pipedrive("change", {**_ACTIVITY, "type": "call", "done": True}, {"done": False}, "activity"),
        (("call.ended", _PD_ID.replace("deal", "activity"), AT,
          {**_ACTIVITY_ABOUT, "direction": "outbound", "outcome": "unknown", "duration_s": 1800}),),
    ),
    Sample(
        "pipedrive", "a meeting that is entered when it is over",
        pipedrive("create", {**_ACTIVITY, "type": "meeting", "done": True, "duration": 90}, None, "activity"),
        (("meeting.held", _PD_NEW.replace("deal", "activity"), AT, {**_ACTIVITY_ABOUT, "duration_s": 90}),),
    ),
    Sample("pipedrive", "a call to be made", pipedrive("create", {**_ACTIVITY, "type": "call"}, None, "activity"),
           ignored=1),
    Sample("pipedrive", "an activity of a strange length",
           pipedrive("create", {**_ACTIVITY, "type": "call", "done": True, "duration": "long"}, None, "activity"),
           bad=("data.duration",)),
    Sample("pipedrive", "what is no deal", pipedrive("change", {"id": 1}, {}, "activity"), ignored=1),
    Sample("pipedrive", "no meta", {"data": {}}, bad=("meta",)),
)  # fmt: skip


def zoho(operation: str, module: str, values: Any = None, *names: str) -> dict[str, Any]:
    """A notification of Zoho CRM."""
    ids = list(names) or ["365239"]
    told = [{"record_id": name, "values": values} for name in ids] if values is not None else None
    return {
        "server_time": AT_MS, "query_params": {}, "module": module, "operation": operation, "ids": ids,
        "resource_uri": f"https://www.zohoapis.com/crm/v8/{module}", "channel_id": "1000000068001",
        "affected_fields": [], **({"affected_values": told} if told else {}),
    }  # fmt: skip


def _zoho(type_: str, operation: str, suffix: str = "", name: str = "365239", **data: Any) -> Expected:
    more = {"version": AT_MS} if type_.startswith("deal.") and type_ != "deal.created" else {}
    return type_, f"1000000068001-{name}-{operation}-{AT_MS}{suffix}", AT, {**data, **more}


ZOHO: Final = (
    Sample(
        "zoho", "a deal is created",
        zoho("insert", "Deals", {"Stage": "Qualification", "Amount": 800, "Owner": {"id": "9"}}),
        (
            _zoho("deal.created", "insert", deal_id="365239", amount=800, currency="INR", owner_id="9"),
            _zoho("deal.stage_changed", "insert", "-stage", deal_id="365239", amount=800, currency="INR", owner_id="9",
                  to_stage="Qualification"),
            _zoho("record.created", "insert", "-record", object="deal", record_id="365239"),
        ),
        query="currency=INR",
    ),
    Sample(
        "zoho", "two deals move",
        zoho("update", "Deals", {"Stage": "Closed Won", "Closing_Date": "2026-11-18"}, "1", "2"),
        tuple(
            _zoho("deal.stage_changed", "update", "-stage", name, deal_id=name, to_stage="Closed Won",
                  closed_at="2026-11-18")
            for name in "12"
        ),
    ),
    Sample(
        "zoho", "a deal is deleted", zoho("delete", "Deals"),
        (
            _zoho("deal.deleted", "delete", deal_id="365239"),
            _zoho("record.deleted", "delete", "-record", object="deal", record_id="365239"),
        ),
    ),
    Sample(
        "zoho", "a lead comes", zoho("insert", "Leads", {"Lead_Source": "Fair", "Email": "a@b.example"}),
        (
            _zoho("lead.created", "insert", lead_id="365239", source="Fair", email="a@b.example"),
            _zoho("record.created", "insert", "-record", object="lead", record_id="365239"),
        ),
    ),
    Sample("zoho", "an update that does not say of what", zoho("update", "Deals"), bad=("affected_values",)),
)  # fmt: skip
