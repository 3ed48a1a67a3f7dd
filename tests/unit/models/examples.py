"""The smallest good data of every event type, and which of its fields are required."""

from typing import Any, Final

_EMAIL: Final = (
    "sent",
    "delivered",
    "opened",
    "clicked",
    "bounced",
    "complained",
    "unsubscribed",
    "rejected",
    "deferred",
)
_SOCIAL: Final = ("liked", "commented", "shared", "followed", "mentioned", "messaged", "impression")
_DEAL: Final = ("created", "updated", "won", "lost", "reopened", "deleted", "merged")
_LEAD: Final = ("created", "assigned", "contacted", "qualified", "disqualified", "converted", "unconverted")
_RECORD: Final = ("created", "updated", "merged", "deleted")
_PAID: Final[dict[str, Any]] = {"amount": "12.50", "currency": "EUR"}
_SURVEY: Final[dict[str, Any]] = {"survey_id": "s", "survey_type": "nps"}
_MRR: Final[dict[str, Any]] = {"subscription_id": "s", "mrr": 10, "currency": "EUR"}

# Every field here is required: without it the event is refused, by its name.
EXAMPLES: Final[dict[str, dict[str, Any]]] = {
    "crm.page.viewed": {"url": "/"},
    "crm.link.clicked": {"link_url": "/"},
    "crm.form.started": {"form_id": "f"},
    "crm.form.submitted": {"form_id": "f"},
    **{f"crm.email.{name}": {"message_id": "m"} for name in _EMAIL},
    "crm.call.ended": {"direction": "inbound", "outcome": "connected"},
    "crm.meeting.held": {},
    "crm.chat.messaged": {},
    **{f"crm.social.{name}": {"network": "x"} for name in _SOCIAL},
    **{f"crm.deal.{name}": {"deal_id": "d"} for name in _DEAL},
    "crm.deal.stage_changed": {"deal_id": "d", "to_stage": "demo"},
    **{f"crm.lead.{name}": {"lead_id": "l"} for name in _LEAD},
    **{f"crm.customer.{name}": {"customer_id": "c"} for name in ("created", "updated", "churned", "reactivated")},
    "crm.identity.merged": {"winner_id": "a", "loser_ids": ["b"]},
    "crm.order.completed": {"order_id": "o", **_PAID},
    "crm.order.refunded": {"order_id": "o", **_PAID},
    "crm.order.cancelled": {"order_id": "o"},
    "crm.subscription.started": _MRR,
    "crm.subscription.changed": _MRR,
    **{
        f"crm.subscription.{name}": {"subscription_id": "s"}
        for name in ("paused", "resumed", "cancel_scheduled", "cancelled")
    },
    "crm.renewal.due": {"contract_id": "k", "due_at": "2024-06-01T10:00:00Z", **_PAID},
    "crm.renewal.completed": {"contract_id": "k"},
    "crm.renewal.lost": {"contract_id": "k"},
    "crm.payment.received": _PAID,
    "crm.payment.failed": _PAID,
    "crm.survey.sent": _SURVEY,
    "crm.survey.dismissed": _SURVEY,
    "crm.survey.answered": {**_SURVEY, "score": 9},
    "crm.user.signed_in": {"user_id": "u"},
    "crm.user.signed_out": {"user_id": "u"},
    **{f"crm.record.{name}": {"object": "lead", "record_id": "r"} for name in _RECORD},
    "crm.ticket.opened": {"ticket_id": "t"},
    "crm.ticket.resolved": {"ticket_id": "t"},
    "crm.cost.recorded": {"cost_id": "k", "purpose": "acquisition", **_PAID},
    "crm.target.set": {"kpi": "win_rate", "window": "month", "value": 0.4},
    "crm.fx.rate_set": {"base": "USD", "quote": "EUR", "rate": 0.9},
}

# These ask for one or two of several ids, so no single field is required.
BY_RULE: Final[dict[str, dict[str, Any]]] = {
    "crm.identity.identified": {"user_id": "u", "anonymous_id": "a"},
    "crm.identity.unmerged": {"winner_id": "a", "loser_ids": ["b"]},
    "crm.privacy.erasure_requested": {"user_id": "u"},
    "crm.user.signed_up": {"anonymous_id": "a"},
}
