"""Small requests of our own, one or more a provider, and the events they make."""

import json
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

from collectors.arrived import Arrived
from tests.unit.collectors.webhooks.mail.schemes import FORM, SECONDS

ADA: Final = "ada@example.net"
BEN: Final = "Ben@Example.net"
LINK: Final = "https://shop.example.net/spring?a=1"
AGENT: Final = "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/140.0"
NOON: Final = "2026-01-01T12:00:00.000Z"
NOON_S: Final = SECONDS + 12 * 3600


class Sample(NamedTuple):
    """One item and what is expected of it."""

    provider: str
    name: str
    item: Any
    kinds: tuple[str, ...]  # of its events; none: it is ignored
    recipients: tuple[str | None, ...] = (ADA,)
    time: str | None = NOON
    more: dict[str, Any] = {}  # noqa: RUF012  # never changed; what the data of each event has, None: has not


def body(provider: str, items: list[Any]) -> bytes:
    """Several items as one request of the provider, as far as it sends several."""
    if provider == "mailchimp" or (provider == "mailgun" and "event-data" not in items[0]):
        return urlencode(items[0]).encode()
    if provider == "mandrill":
        return urlencode({"mandrill_events": json.dumps(items)}).encode()
    if provider == "mailtrap":
        return json.dumps({"events": items}).encode()
    if provider == "unisender_go" and len(items) > 1:
        wrapped = [{"event_name": "transactional_email_status", "event_data": item} for item in items]
        return json.dumps({"events_by_user": [{"user_id": 1, "events": wrapped}]}).encode()
    listed = provider in ("sendgrid", "sparkpost") or len(items) > 1
    return json.dumps(items if listed else items[0]).encode()


def arrived(provider: str, raw: bytes) -> Arrived:
    """A request that nobody signed: for reading."""
    form = raw[:1] not in b"[{"
    headers = {"content-type": FORM if form else "application/json", "svix-id": "msg_2"}
    return Arrived("POST", f"https://in.example.net/v1/webhooks/{provider}/shop", headers, raw, NOON_S * 1000)


def _ses(kind: str, details: dict[str, Any], to: list[str] | None = None, name: str | None = None) -> dict[str, Any]:
    mail = {"messageId": "0100-ab", "timestamp": "2026-01-01T11:00:00.000Z", "destination": to or [ADA]}
    message = {"eventType": kind, "mail": mail, name or kind.lower(): details}
    envelope = {"Type": "Notification", "MessageId": "n-1", "Timestamp": "2026-01-01T12:00:00.500Z"}
    return {**envelope, "Message": json.dumps(message)}


def _spark(**fields: Any) -> dict[str, Any]:
    common = {"transmission_id": "65", "raw_rcpt_to": ADA, "timestamp": str(NOON_S), "event_id": "92"}
    return {"msys": {"any_event": {**common, **fields}}}


def _sendgrid(event: str, **fields: Any) -> dict[str, Any]:
    return {"event": event, "email": ADA, "timestamp": NOON_S, "sg_event_id": "e1", "sg_message_id": "m1.f", **fields}


def _mailgun(event: str, **fields: Any) -> dict[str, Any]:
    headers = {"message-id": "m1@example.net", "to": f"Ada <{ADA}>"}
    data = {"event": event, "id": "x", "timestamp": NOON_S + 0.25, "recipient": ADA, "message": {"headers": headers}}
    return {"event-data": {**data, **fields}}


def _postal(event: str, **payload: Any) -> dict[str, Any]:
    message = {"id": 7, "message_id": "m1@rp.example.net", "direction": "outgoing", "to": ADA}
    return {"event": event, "uuid": "u-1", "timestamp": float(NOON_S), "payload": {"message": message, **payload}}


def _resend(kind: str, **data: Any) -> dict[str, Any]:
    return {"type": kind, "created_at": "2026-01-01T14:00:00+02:00", "data": {"email_id": "r-1", "to": [ADA], **data}}


def _mailersend(kind: str, **morph: Any) -> dict[str, Any]:
    email = {"message": {"id": "ms-1"}, "recipient": {"email": ADA}}
    return {"type": kind, "data": {"id": "a-1", "created_at": NOON, "email": email, "morph": morph or None}}


def _mandrill(event: str, **fields: Any) -> dict[str, Any]:
    return {"event": event, "_id": "md-1", "ts": NOON_S, "msg": {"_id": "md-1", "email": ADA}, **fields}


def _postmark(record: str, **fields: Any) -> dict[str, Any]:
    return {"RecordType": record, "MessageID": "pm-1", "Recipient": ADA, **fields}


def _mailchimp(kind: str, **data: str) -> dict[str, str]:
    fields = {"list_id": "l-1", "email": ADA, **data}
    return {"type": kind, "fired_at": "2026-01-01 12:00:00"} | {f"data[{name}]": text for name, text in fields.items()}


def _plain(event: str, **fields: Any) -> dict[str, Any]:
    return {"event": event, "email": ADA, **fields}


_UNISENDER: Final = {
    "event_name": "transactional_email_status", "job_id": "1sm", "email": ADA, "event_time": "2026-01-01 12:00:00"
}  # fmt: skip
_BREVO: Final = {"message-id": "<b-1@relay.example.net>", "ts_epoch": NOON_S * 1000}
_MAILJET: Final = {"MessageID": 12345678901234567, "time": NOON_S}
_MAILTRAP: Final = {"message_id": "mt-1", "timestamp": NOON_S, "event_id": "e-1", "sending_stream": "bulk"}
_BOUNCED: Final = {"bouncedRecipients": [{"emailAddress": f"Ada <{ADA}>", "diagnosticCode": f"550 <{ADA}> unknown"},
                                         {"emailAddress": BEN}], "timestamp": NOON}  # fmt: skip
_SEEN: Final = {"ipAddress": "192.0.2.7", "userAgent": AGENT, "timestamp": NOON}

SAMPLES: Final = [
    Sample("amazon_ses", "sent to two", _ses("Send", {}, [ADA, BEN]), ("sent", "sent"), (ADA, BEN),
           "2026-01-01T11:00:00.000Z"),
    Sample("amazon_ses", "delivered", _ses("Delivery", {"recipients": [BEN], "timestamp": NOON}, [ADA, BEN]),
           ("delivered",), (BEN,)),
    Sample("amazon_ses", "bounced for two", _ses("Bounce", _BOUNCED), ("bounced", "bounced"), (ADA, BEN)),
    Sample("amazon_ses", "opened by one of two", _ses("Open", _SEEN, [ADA, BEN]), ("opened",), (None,),
           more={"message_id": "0100-ab", "ip": "192.0.2.7", "user_agent": AGENT}),
    Sample("amazon_ses", "clicked", _ses("Click", {**_SEEN, "link": LINK}), ("clicked",), more={"link_url": LINK}),
    Sample("amazon_ses", "complained", _ses("Complaint", {
        "userAgent": "Loop (V0.01)", "complainedRecipients": [{"emailAddress": ADA}], "timestamp": NOON,
        "complaintFeedbackType": "abuse"}), ("complained",), more={"user_agent": None, "reason": "abuse"}),
    Sample("amazon_ses", "rejected", _ses("Reject", {"reason": "Bad content"}), ("rejected",),
           time="2026-01-01T12:00:00.500Z", more={"reason": "Bad content"}),
    Sample("amazon_ses", "not rendered", _ses("Rendering Failure", {"errorMessage": "no name"}, name="failure"),
           ("rejected",), time="2026-01-01T12:00:00.500Z"),
    Sample("amazon_ses", "delayed", _ses("DeliveryDelay", {
        "delayedRecipients": [{"emailAddress": ADA}], "timestamp": NOON}, name="deliveryDelay"), ("deferred",)),
    Sample("amazon_ses", "left all lists", _ses("Subscription", {
        "timestamp": NOON, "newTopicPreferences": {"unsubscribeAll": True}}), ("unsubscribed",)),
    Sample("amazon_ses", "changed lists", _ses("Subscription", {"timestamp": NOON}), ()),
    Sample("amazon_ses", "inbound", _ses("Received", {}), ()),
    Sample("amazon_ses", "new subscription", {"Type": "SubscriptionConfirmation", "MessageId": "n"}, ()),
    Sample("amazon_ses", "topic validated",
           {"Type": "Notification", "Message": "Successfully validated SNS topic for Amazon SES."}, ()),
    Sample("amazon_ses", "raw delivery", {"notificationType": "Delivery", "mail": {"messageId": "0100-ab"},
           "delivery": {"recipients": [ADA], "timestamp": NOON}}, ("delivered",)),
    Sample("brevo", "queued", _plain("request", **_BREVO), ()),
    Sample("brevo", "delivered", _plain("delivered", **_BREVO), ("delivered",)),
    Sample("brevo", "opened by a proxy", _plain("unique_proxy_open", **_BREVO), ("opened",), more={"machine": True}),
    Sample("brevo", "opened", _plain("opened", **_BREVO), ("opened",), more={"machine": None}),
    Sample("brevo", "clicked", _plain("click", link=LINK, **_BREVO), ("clicked",), more={"link_url": LINK}),
    Sample("brevo", "in seconds", _plain("spam", **{**_BREVO, "ts_epoch": NOON_S}), ("complained",)),
    Sample("brevo", "of a campaign", _plain("hardBounce", camp_id=9, ts_event=NOON_S), ("bounced",),
           more={"bulk": True, "campaign_id": "9"}),
    Sample("brevo", "inbound", {"items": []}, ()),
    Sample("mailchimp", "left", _mailchimp("unsubscribe", campaign_id="c-1", reason="manual"), ("unsubscribed",),
           more={"campaign_id": "c-1", "bulk": True, "reason": "manual"}),
    Sample("mailchimp", "left, no campaign", _mailchimp("unsubscribe"), ("unsubscribed",), more={"campaign_id": None}),
    Sample("mailchimp", "complained", _mailchimp("unsubscribe", reason="abuse"), ("complained",)),
    Sample("mailchimp", "cleaned", _mailchimp("cleaned", campaign_id="c-1", reason="hard"), ("bounced",)),
    Sample("mailchimp", "deleted", _mailchimp("unsubscribe", action="delete"), ()),
    Sample("mailchimp", "joined", _mailchimp("subscribe"), ()),
    Sample("mailchimp", "campaign sent", _mailchimp("campaign"), ()),
    Sample("mailersend", "sent", _mailersend("activity.sent"), ("sent",)),
    Sample("mailersend", "first open", _mailersend("activity.opened_unique"), ()),
    Sample("mailersend", "opened", _mailersend("activity.opened", ip="192.0.2.7"), ("opened",),
           more={"ip": "192.0.2.7"}),
    Sample("mailersend", "clicked", _mailersend("activity.clicked", url=LINK), ("clicked",), more={"link_url": LINK}),
    Sample("mailersend", "left", _mailersend("activity.unsubscribed", reason="o3", readable_reason="Too many"),
           ("unsubscribed",), more={"reason": "Too many"}),
    Sample("mailgun", "delivered", _mailgun("delivered"), ("delivered",), time="2026-01-01T12:00:00.250Z"),
    Sample("mailgun", "accepted", _mailgun("accepted"), ()),
    Sample("mailgun", "failed for good", _mailgun("failed", severity="permanent", **{
        "delivery-status": {"message": f"no\n<{ADA}>"}}), ("bounced",), time="2026-01-01T12:00:00.250Z",
        more={"reason": "no <...@...>"}),
    Sample("mailgun", "failed for now", _mailgun("failed", severity="temporary"), ("deferred",),
           time="2026-01-01T12:00:00.250Z"),
    Sample("mailgun", "suppressed", _mailgun("failed", severity="permanent", reason="suppress-bounce"), ("rejected",),
           time="2026-01-01T12:00:00.250Z"),
    Sample("mailgun", "rejected", _mailgun("rejected", recipient=None), ("rejected",), time="2026-01-01T12:00:00.250Z"),
    Sample("mailgun", "opened by a robot", _mailgun("opened", campaigns=[{"id": "c-1"}], **{
        "client-info": {"bot": "apple", "user-agent": AGENT}}), ("opened",), time="2026-01-01T12:00:00.250Z",
        more={"machine": True, "campaign_id": "c-1"}),
    Sample("mailgun", "old form", {"event": "clicked", "recipient": ADA, "Message-Id": "<m1@example.net>", "url": LINK,
           "timestamp": str(NOON_S), "token": "t", "signature": "s"}, ("clicked",), more={"link_url": LINK}),
    Sample("mailgun", "old inbound form", {"sender": ADA, "recipient": BEN}, ()),
    Sample("mailjet", "sent", _plain("sent", **_MAILJET, mj_campaign_id=0), ("delivered",), more={"campaign_id": None}),
    Sample("mailjet", "opened", _plain("open", **_MAILJET, agent=AGENT, customcampaign="spring"), ("opened",),
           more={"campaign_id": "spring", "user_agent": AGENT}),
    Sample("mailjet", "greylisted", _plain("bounce", **_MAILJET, error="greylisted", hard_bounce=False), ("deferred",)),
    Sample("mailjet", "bounced", _plain("bounce", **_MAILJET, error="user unknown", hard_bounce=True), ("bounced",)),
    Sample("mailtrap", "delivered", _plain("delivery", **_MAILTRAP), ("delivered",), more={"bulk": True}),
    Sample("mailtrap", "soft bounce", _plain("soft bounce", **_MAILTRAP), ("deferred",)),
    Sample("mailtrap", "clicked", _plain("click", url=LINK, **_MAILTRAP), ("clicked",), more={"link_url": LINK}),
    Sample("mailtrap", "unheard of", _plain("sneezed", **_MAILTRAP), ()),
    Sample("mandrill", "sent", _mandrill("send"), ("sent",)),
    Sample("mandrill", "clicked", _mandrill("click", url=LINK, user_agent=AGENT), ("clicked",),
           more={"link_url": LINK, "user_agent": AGENT}),
    Sample("mandrill", "list changed", {"type": "blacklist", "action": "add"}, ()),
    Sample("mandrill", "inbound", _mandrill("inbound"), ()),
    Sample("postal", "sent", _postal("MessageSent", status="Sent"), ("delivered",)),
    Sample("postal", "delayed", _postal("MessageDelayed", status="SoftFail"), ("deferred",)),
    Sample("postal", "failed", _postal("MessageDeliveryFailed", status="HardFail"), ("bounced",)),
    Sample("postal", "held", _postal("MessageHeld", status="Held"), ()),
    Sample("postal", "bounced", {**_postal("MessageBounced"), "payload": {"bounce": {}, "original_message":
           _postal("")["payload"]["message"]}}, ("bounced",)),
    Sample("postal", "opened", _postal("MessageLoaded", user_agent=AGENT), ("opened",)),
    Sample("postal", "clicked", _postal("MessageLinkClicked", url=LINK), ("clicked",), more={"link_url": LINK}),
    Sample("postal", "inbound", _postal("MessageSent", status="Sent", message={"direction": "incoming"}), ()),
    Sample("postmark", "delivered", _postmark("Delivery", DeliveredAt="2026-01-01T07:00:00.0000001-05:00",
           MessageStream="broadcast"), ("delivered",), more={"bulk": True}),
    Sample("postmark", "bounced", _postmark("Bounce", Type="HardBounce", BouncedAt=NOON, Details="gone"), ("bounced",),
           more={"reason": "gone"}),
    Sample("postmark", "delayed", _postmark("Bounce", Type="Transient", BouncedAt=NOON), ("deferred",)),
    Sample("postmark", "out of office", _postmark("Bounce", Type="AutoResponder", BouncedAt=NOON), ()),
    Sample("postmark", "left", _postmark("SubscriptionChange", SuppressSending=True, ChangedAt=NOON,
           SuppressionReason="ManualSuppression"), ("unsubscribed",)),
    Sample("postmark", "came back", _postmark("SubscriptionChange", SuppressSending=False, ChangedAt=NOON), ()),
    Sample("postmark", "clicked", _postmark("Click", OriginalLink=LINK, ReceivedAt=NOON, Geo={"IP": "192.0.2.7"},
           MessageStream="outbound"), ("clicked",), more={"link_url": LINK, "ip": "192.0.2.7", "bulk": False}),
    Sample("postmark", "inbound", {"FromFull": {}}, ()),
    Sample("resend", "sent to two", _resend("email.sent", to=[f"Ada <{ADA}>", BEN]), ("sent", "sent"), (ADA, BEN)),
    Sample("resend", "clicked", _resend("email.clicked", click={"link": LINK, **_SEEN}, broadcast_id="c-1"),
           ("clicked",), more={"link_url": LINK, "bulk": True, "campaign_id": "c-1", "ip": "192.0.2.7"}),
    Sample("resend", "failed", _resend("email.failed", failed={"reason": "no quota"}), ("rejected",),
           more={"reason": "no quota"}),
    Sample("resend", "scheduled", _resend("email.scheduled"), ()),
    Sample("resend", "a contact", {"type": "contact.created", "data": {}}, ()),
    Sample("sendgrid", "processed", _sendgrid("processed"), ()),
    Sample("sendgrid", "delivered", _sendgrid("delivered", ip="192.0.2.7"), ("delivered",), more={"ip": None}),
    Sample("sendgrid", "opened by a machine", _sendgrid("open", sg_machine_open=True, useragent=AGENT), ("opened",),
           more={"machine": True, "user_agent": AGENT}),
    Sample("sendgrid", "clicked", _sendgrid("click", url=LINK, singlesend_id="c-1"), ("clicked",),
           more={"link_url": LINK, "campaign_id": "c-1", "bulk": True}),
    Sample("sendgrid", "dropped", _sendgrid("dropped", reason="Bounced Address"), ("rejected",),
           more={"reason": "Bounced Address"}),
    Sample("sendgrid", "came back", _sendgrid("group_resubscribe"), ()),
    Sample("sparkpost", "ping", {"msys": {}}, ()),
    Sample("sparkpost", "injected", _spark(type="injection"), ()),
    Sample("sparkpost", "delivered", _spark(type="delivery", transactional="1"), ("delivered",), more={"bulk": False}),
    Sample("sparkpost", "read to the end", _spark(type="open", user_agent_parsed={"is_prefetched": True}), ("opened",),
           more={"machine": True}),
    Sample("sparkpost", "begun to read", _spark(type="initial_open"), ()),
    Sample("sparkpost", "out of office", _spark(type="bounce", bounce_class="60"), ()),
    Sample("sparkpost", "answered to leave", _spark(type="bounce", bounce_class="90"), ("unsubscribed",)),
    Sample("sparkpost", "time as text", _spark(type="click", timestamp=NOON, target_link_url=LINK), ("clicked",),
           more={"link_url": LINK}),
    Sample("unisender_go", "sent", {**_UNISENDER, "status": "sent"}, ("sent",)),
    Sample("unisender_go", "soft", {**_UNISENDER, "status": "soft_bounced"}, ("deferred",)),
    Sample("unisender_go", "clicked", {**_UNISENDER, "status": "clicked", "url": LINK}, ("clicked",),
           more={"link_url": LINK}),
    Sample("unisender_go", "joined", {**_UNISENDER, "status": "subscribed"}, ()),
    Sample("unisender_go", "of no message", {"event_name": "transactional_spam_block"}, ()),
]  # fmt: skip
