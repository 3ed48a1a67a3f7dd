"""Deliveries of telephony, support, social networks and surveys, and our own events by Standard Webhooks."""

from typing import Any, Final

from tests.unit.collectors.webhooks.samples import AT, AT_S, Expected, Sample

_TWILIO: Final = {
    "AccountSid": "AC1", "ApiVersion": "2010-04-01", "CallSid": "CA42", "CallStatus": "completed", "CallDuration": "63",
    "Direction": "outbound-api", "From": "+358401111111", "To": "+358402222222", "SequenceNumber": "3",
    "Timestamp": "Wed, 18 Nov 2026 11:59:00 +0000", "CallbackSource": "call-progress-events",
}  # fmt: skip


def _twilio(**data: Any) -> tuple[Expected, ...]:
    return (("call.ended", "CA42", AT, {"direction": "outbound", "phone": "+358402222222", **data}),)


TWILIO: Final = (
    Sample(
        "twilio_voice", "a call that the address puts to a deal", _TWILIO,
        _twilio(outcome="connected", duration_s=63, deal_id="7"), query="deal_id=7&token=x",
    ),
    Sample(
        "twilio_voice", "an answering machine", {**_TWILIO, "AnsweredBy": "machine_end_beep"},
            _twilio(outcome="voicemail")
    ),
    Sample(
        "twilio_voice", "nobody answers a call from outside",
        {**_TWILIO, "Direction": "inbound", "CallStatus": "no-answer", "CallDuration": "0"},
        _twilio(direction="inbound", outcome="no_answer", phone="+358401111111"),
    ),
    Sample("twilio_voice", "a line that is busy", {**_TWILIO, "CallStatus": "busy"}, _twilio(outcome="busy")),
    Sample("twilio_voice", "a call that rings", {**_TWILIO, "CallStatus": "ringing"}, ignored=1),
    Sample("twilio_voice", "the leg of another call", {**_TWILIO, "ParentCallSid": "CA41"}, ignored=1),
    Sample("twilio_voice", "no call", {"CallStatus": "completed"}, bad=("CallSid",)),
    Sample("twilio_voice", "a strange time", {**_TWILIO, "Timestamp": "yesterday"}, bad=("Timestamp",)),
)  # fmt: skip


def aircall(event: str, **call: Any) -> dict[str, Any]:
    """A call as Aircall tells of it."""
    data = {
        "id": 812, "direction": "inbound", "status": "done", "missed_call_reason": None, "started_at": AT_S - 90,
        "answered_at": AT_S - 75, "ended_at": AT_S, "duration": 90, "voicemail": None,
            "raw_digits": "+33 1 76 36 06 95",
        "user": {"id": 456, "name": "John"}, "contact": {"id": 31, "first_name": "Ada"}, **call,
    }  # fmt: skip
    return {"resource": "call", "event": event, "timestamp": AT_S + 30, "data": data}


def _aircall(**data: Any) -> tuple[Expected, ...]:
    about = {
        "direction": "inbound",
        "phone": "+33 1 76 36 06 95",
        "owner_id": "aircall:456",
        "contact_id": "aircall:31",
    }
    return (("call.ended", "call-812", AT, {**about, **data}),)


AIRCALL: Final = (
    Sample("aircall", "a call", aircall("call.ended"), _aircall(outcome="connected", duration_s=75)),
    Sample("aircall", "the same call, told at once, counts no second time", aircall("call.hungup"), ignored=1),
    Sample("aircall", "a call that nobody took", aircall("call.ended", answered_at=None),
        _aircall(outcome="no_answer")),
    Sample(
        "aircall", "a message was left", aircall("call.ended", answered_at=None, voicemail="https://a.example/v.mp3"),
        _aircall(outcome="voicemail"),
    ),
    Sample("aircall", "it ends before it begins", aircall("call.ended", answered_at=AT_S + 1), bad=("data.ended_at",)),
    Sample("aircall", "a strange direction", aircall("call.ended", direction="sideways"), bad=("direction",)),
)  # fmt: skip


def zendesk(kind: str, **event: Any) -> dict[str, Any]:
    """An event of a ticket."""
    return {
        "type": f"zen:event-type:ticket.{kind}", "account_id": 12514403, "id": "2b24ef10", "time": AT,
        "zendesk_event_version": "2022-11-06", "subject": "zen:ticket:5158", "event": event,
        "detail": {"id": "5158", "status": "OPEN", "requester_id": "8321", "assignee_id": None, "priority": "HIGH",
                   "via": {"channel": "web_service"}, "created_at": AT, "updated_at": AT},
    }  # fmt: skip


_TICKET: Final = {
    "ticket_id": "zendesk:5158",
    "contact_id": "zendesk:8321",
    "traits": {"priority": "HIGH", "via": "web_service"},
}
_RATED: Final = {"type": "ticket.rated", "ticket_id": "5158", "requester_id": "8321", "id": "1", "comment": "Thanks!"}

ZENDESK: Final = (
    Sample("zendesk", "a ticket", zendesk("created"), (("ticket.opened", "2b24ef10", AT, _TICKET),)),
    Sample(
        "zendesk", "a ticket is solved", zendesk("status_changed", current="SOLVED", previous="OPEN"),
        (("ticket.resolved", "2b24ef10", AT, _TICKET),),
    ),
    Sample(
        "zendesk", "a solved ticket is closed", zendesk("status_changed", current="CLOSED", previous="SOLVED"),
            ignored=1
    ),
    Sample(
        "zendesk", "a rating from a trigger", {**_RATED, "rating": "Good, with comment"},
        (
            ("survey.answered", "rating-5158-1", None,
             {"survey_id": "zendesk", "survey_type": "csat", "score": 1, "scale_min": 0, "scale_max": 1,
              "response_id": "5158", "ticket_id": "zendesk:5158", "contact_id": "zendesk:8321", "comment": "Thanks!"}),
        ),
    ),
    Sample("zendesk", "no rating", {**_RATED, "rating": "Offered"}, bad=("rating",)),
    Sample("zendesk", "no ticket", {**zendesk("created"), "detail": None}, bad=("detail",)),
)  # fmt: skip


def intercom(topic: str, **item: Any) -> dict[str, Any]:
    """A notification of Intercom."""
    person = {"type": "contact", "id": "5bc8", "external_id": "u-1"}
    content = {
        "type": "conversation",
        "id": "147",
        "admin_assignee_id": 991,
        "contacts": {"contacts": [person]},
        **item,
    }
    return {
        "type": "notification_event", "app_id": "abc", "data": {"type": "notification_event_data", "item": content},
        "id": "notif_1", "topic": topic, "delivery_attempts": 1, "first_sent_at": AT_S, "created_at": AT_S,
    }  # fmt: skip


_WITH: Final = {"user_id": "u-1", "contact_id": "intercom:5bc8", "owner_id": "intercom:991"}

INTERCOM: Final = (
    Sample(
        "intercom", "a conversation begins", intercom("conversation.user.created"),
        (
            ("chat.messaged", "notif_1", AT, {"direction": "inbound", **_WITH}),
            ("ticket.opened", "notif_1-ticket", AT, {"ticket_id": "intercom:147", **_WITH}),
        ),
    ),
    Sample(
        "intercom", "an answer", intercom("conversation.admin.replied"),
        (("chat.messaged", "notif_1", AT, {"direction": "outbound", **_WITH}),),
    ),
    Sample(
        "intercom", "a conversation is closed", intercom("conversation.admin.closed"),
        (("ticket.resolved", "notif_1-ticket", AT, {"ticket_id": "intercom:147", **_WITH}),),
    ),
    Sample(
        "intercom", "a rating",
        intercom("conversation.rating.added",
                 conversation_rating={"rating": 4, "remark": "quick", "created_at": AT_S - 5,
                     "contact": {"id": "5bc8"}}),
        (
            ("survey.answered", "notif_1", "2026-11-18T11:58:55Z",
             {"survey_id": "intercom", "survey_type": "csat", "score": 4, "response_id": "147", "comment": "quick",
              "ticket_id": "intercom:147", **_WITH}),
        ),
    ),
    Sample(
        "intercom", "a lead",
        intercom("contact.lead.created", id="77", role="lead", email="a@b.example", contacts=None),
        (
            ("lead.created", "notif_1", AT,
             {"lead_id": "intercom:77", "contact_id": "intercom:77", "email": "a@b.example"}),
        ),
    ),
    Sample("intercom", "a test", intercom("ping"), ignored=1),
    Sample("intercom", "a rating beyond its scale", intercom("conversation.rating.added",
        conversation_rating={"rating": 9}),
           bad=("score",)),
)  # fmt: skip


def meta(kind: str, *changes: dict[str, Any]) -> dict[str, Any]:
    """A delivery of Meta."""
    return {"object": kind, "entry": [{"id": "page-1", "time": AT_S, "changes": list(changes)}]}


_COMMENT: Final = {"item": "comment", "verb": "add", "comment_id": "9_1", "post_id": "9_0", "message": "Love it!",
                   "from": {"id": "55", "name": "Ada"}, "created_time": AT_S - 10}  # fmt: skip

META: Final = (
    Sample(
        "meta_comments", "comments on a page",
        meta("page", {"field": "feed", "value": _COMMENT}, {"field": "feed", "value": {**_COMMENT, "verb": "edited"}},
             {"field": "feed", "value": {**_COMMENT, "from": {"id": "page-1"}}},
             {"field": "feed", "value": {**_COMMENT, "item": "reaction"}}),
        (
            ("social.commented", "page-1-feed-9_1", "2026-11-18T11:58:50Z",
             {"network": "facebook", "post_id": "9_0", "text": "Love it!", "anonymous_id": "facebook:55"}),
        ),
        ignored=3,
    ),
    Sample(
        "meta_comments", "a comment and a mention on Instagram",
        meta("instagram", {"field": "comments", "value": {"from": {"id": "8", "username": "x"}, "media": {"id": "m"},
                                                          "id": "c", "text": "how much?"}},
             {"field": "mentions", "value": {"media_id": "m2", "comment_id": "c2"}}),
        (
            ("social.commented", "page-1-comments-c", AT,
             {"network": "instagram", "post_id": "m", "text": "how much?", "anonymous_id": "instagram:8"}),
            ("social.mentioned", "page-1-mentions-c2", AT, {"network": "instagram", "post_id": "m2"}),
        ),
    ),
    Sample(
        "meta_comments", "what is no change of ours", meta("page", {"field": "leadgen", "value": {}}), ignored=1
    ),
    Sample("meta_comments", "a bad change", meta("page", {"field": "feed"}), bad=("change.value",)),
)  # fmt: skip


def typeform(*answers: dict[str, Any], **hidden: str) -> dict[str, Any]:
    """A response of Typeform."""

    response = {
        "form_id": "lT4Z3j", "token": "a3a12ec6", "landed_at": AT, "submitted_at": AT, "hidden": hidden,
        "definition": {"id": "lT4Z3j", "title": "How was it?", "fields": []}, "answers": list(answers),
    }  # fmt: skip
    return {"event_id": "LtWXD3crgy", "event_type": "form_response", "form_response": response}


def answer(number: Any, kind: str, reference: str) -> dict[str, Any]:
    """A number that somebody chose."""
    return {"type": "number", "number": number, "field": {"id": "x", "type": kind, "ref": reference}}


_SURVEY: Final = {"survey_id": "lT4Z3j", "response_id": "a3a12ec6"}
_SAID: Final = {"type": "text", "text": "all good", "field": {"id": "y", "type": "long_text", "ref": "comment"}}

TYPEFORM: Final = (
    Sample(
        "typeform", "a recommendation, a comment, and who gave them",
        typeform(answer(9, "nps", "01F8"), _SAID, customer_id="c-7"),
        (
            ("survey.answered", "LtWXD3crgy-0", AT,
             {**_SURVEY, "comment": "all good", "customer_id": "c-7", "survey_type": "nps", "score": 9}),
        ),
    ),
    Sample(
        "typeform", "effort and satisfaction by their references",
        typeform(answer(6, "opinion_scale", "ease"), answer(8, "opinion_scale", "csat_1_10"), answer(3, "rating",
            "food")),
        (
            ("survey.answered", "LtWXD3crgy-0", AT, {**_SURVEY, "survey_type": "effort", "polarity": "ease",
                "score": 6}),
            ("survey.answered", "LtWXD3crgy-1", AT,
             {**_SURVEY, "survey_type": "csat", "score": 8, "scale_min": 1, "scale_max": 10}),
        ),
    ),
    Sample("typeform", "nothing to be counted", typeform(answer(3, "rating", "food")), ignored=1),
    Sample("typeform", "beyond the scale", typeform(answer(11, "nps", "nps")), bad=("score",)),
)  # fmt: skip

_WON: Final[dict[str, Any]] = {
    "type": "deal.won",
    "time": AT,
    "data": {"deal_id": "d", "amount": "10.00", "currency": "EUR"},
}

STANDARD: Final = (
    Sample("standard", "one event", _WON, (("deal.won", "msg_1", AT, _WON["data"]),)),
    Sample(
        "standard", "several CloudEvents, one of them bad",
        [
            {"specversion": "1.0", "id": "own", "source": "/x", "tenantid": "other", "type": "crm.page.viewed",
             "data": {"url": "/"}},
            {"type": "deal.won", "time": AT, "data": {}}, _WON,
        ],
        (("page.viewed", "msg_1-0", None, {"url": "/"}), ("deal.won", "msg_1-2", AT, _WON["data"])),
        bad=("deal_id",),
    ),
    Sample("standard", "an event from the future", {**_WON, "time": "2026-11-18T13:00:00Z"}, bad=("time",)),
    Sample("standard", "an event of another vocabulary", {**_WON, "type": "com.acme.sold"}, bad=("type",)),
)  # fmt: skip

OTHER: Final = (*TWILIO, *AIRCALL, *ZENDESK, *INTERCOM, *META, *TYPEFORM, *STANDARD)
