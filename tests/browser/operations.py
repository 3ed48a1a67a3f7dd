"""What the mock says of the installation: workers, dead letters, verification."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

RECORDS = 48_210
QUARANTINED = "crm.customers.v1/1/2101"


def workers(trouble: set[str]) -> dict[str, Any]:
    """Two of them."""
    found = [
        {
            "worker": f"worker-{number}:{4121 + number}", "build": "0.1.0", "uptime_s": 93_600.0 / number,
            "failures": number - 1,
            "ready": True, "reasons": [], "lanes": list(range(6 * number - 6, 6 * number)), "restoring": [],
            "recovery_progress": 1.0, "pending": number - 1, "quarantined": number - 1,
            "quarantine": [QUARANTINED][: number - 1], "over_s": 60.0, "events_per_s": 1043.5 / number,
            "late": 0.0012, "duplicates": 0.004, "rejected": 0.0, "rebalances": 2, "sink_errors": 0,
            "publish_p50_s": 0.0042, "publish_p99_s": 0.031,
        }
        for number in (1, 2)
    ]  # fmt: skip
    if "restoring" in trouble:
        found[1] |= {
            "ready": False, "reasons": ["lane 7 is restoring"], "restoring": [7], "recovery_progress": 0.62,
            "events_per_s": 0.0,
        }  # fmt: skip
    whole = {
        "events_per_s": 1565.3,
        "late": 0.0012,
        "duplicates": 0.004,
        "publish_p50_s": 0.0042,
        "publish_p99_s": 0.031,
    }
    return {"workers": found, "quarantined": 1, **whole}


def letter(topic: str, number: int, reason: str, field: str, detail: str) -> dict[str, Any]:
    """One that was rejected so many minutes ago."""
    at = datetime.now(UTC) - timedelta(minutes=7 * number)
    return {
        "rejected_at": at.isoformat(), "tenant": "nordbolt",
        "topic": topic, "stage": "accept", "reason": reason, "field": field, "detail": detail,
    }  # fmt: skip


PAGE_KPIS = ["visitors", "landing_page_conversion_rate", "traffic_to_lead_rate"]
KINDS = (
    ("crm.page.viewed", {"anonymous_id": "v-2231"}, PAGE_KPIS),
    ("crm.deal.won", {"customer_id": "c-104", "deal_id": "D-1017"}, ["closed_won_deals", "win_rate"]),
    ("crm.order.completed", {"customer_id": "c-117", "order_id": "20431"}, ["orders", "net_revenue"]),
    ("crm.email.opened", {"message_id": "m-9"}, ["email_open_rate", "email_click_rate", "email_bounce_rate"]),
    ("crm.track.product_viewed", {"user_id": "u-7"}, ["received"]),
)


def arrived(number: int, **fields: Any) -> dict[str, Any]:
    """An event that has just arrived; of each nine one is rejected, late, or a robot's."""
    now = datetime.now(UTC) - timedelta(seconds=3)
    type_, ids, kpis = KINDS[number % len(KINDS)]
    topic = f"crm.{type_.split('.')[1]}s.v1"
    head = {"place": f"{topic}/{number % 4}/{number}", "received": now.isoformat(), "topic": topic}
    if number % 9 == 4:
        refused = {"verdict": "rejected", "reason": "missing_field", "ids": {}}
        letter = {"place": "crm.customers.v1/1/1201", "topic": "crm.customers.v1"}
        return head | letter | refused | {"counts_in": ["invalid_rate", "rejected_rate"]} | fields
    verdict = {2: "late", 6: "robot"}.get(number % 9, "accepted")
    more = {"time": now.isoformat(), "type": type_, "source": "/web", "id": f"0192f3a1-7c1e-7b1a-9d6e-{number:012d}"}
    return head | more | {"verdict": verdict, "ids": ids, "counts_in": kpis} | fields


class Desk:
    """Letters that are open, and the verification that runs."""

    def __init__(self) -> None:
        kinds = [
            ("crm.customers.v1", 61, "missing_field", "data.customer_id", "a required field is missing"),
            ("crm.revenue.v1", 7, "bad_amount", "data.amount", "an amount is not a plain decimal number"),
            ("crm.revenue.v1", 2, "id_conflict", "", "the same id was seen before with different content"),
            ("crm.customers.v1", 1, "engine_error", "", "ZeroDivisionError"),
        ]
        made = [
            letter(topic, at, *rest) | {"id": f"{topic}/{at % 4}/{1200 + 300 * place + at}"}
            for place, (topic, count, *rest) in enumerate(kinds)
            for at in range(1, count + 1)
        ]
        self.letters = {one["id"]: one for one in made}
        self.dealt: list[tuple[str, Any]] = []
        self.began: float | None = None
        self.seconds = 2.0  # of a verification
        self.last: dict[str, Any] | None = None
        self.outcome: dict[str, Any] = {
            "verified": True, "lanes": 12, "records": RECORDS, "facts": 51_002, "cells": 385_421, "kpis": 14_322,
            "different": 0, "identity_conflicts": 0, "quarantined": 1, "totals_only": 0, "horizon": None, "notes": [],
            "differences": [],
        }  # fmt: skip

    def listed(self, topic: str, reason: str, limit: int, offset: int) -> dict[str, Any]:
        """By kind, and a page of those chosen."""
        groups: dict[tuple[str, str, str], dict[str, Any]] = {}
        for one in self.letters.values():
            kind = one["topic"], one["reason"], one["field"]
            new = {"newest": one["rejected_at"], "example": one["id"], "letters": 0}
            found = groups.setdefault(kind, dict(zip(("topic", "reason", "field"), kind, strict=True)) | new)
            found["letters"] += 1
        chosen = [x for x in self.letters.values() if topic in ("", x["topic"]) and reason in ("", x["reason"])]
        page = chosen[offset : offset + limit]
        return {"complete": True, "groups": list(groups.values()), "total": len(chosen), "letters": page}

    def one(self, name: str) -> dict[str, Any] | None:
        """With its event."""
        found = self.letters.get(name)
        event = '{"type":"crm.customer.created","id":"e-1201","tenantid":"nordbolt","data":{"name":"Ünal & Söhne"}}'
        return found and {
            **found,
            "event": "as it was sent",
            "key": "nordbolt",
            "value": event,
            "headers": [["ce_id", "e-1"]],
        }

    def deal(self, what: str, choice: dict[str, Any]) -> dict[str, Any]:
        """Those chosen are gone; conflicts cannot be sent again."""
        self.dealt.append((what, choice))
        names = [
            name
            for name, one in self.letters.items()
            if name in choice.get("ids", [name])
            and all(one[field] == choice[field] for field in ("topic", "reason", "field") if field in choice)
        ]
        stay = [name for name in names if what == "retry" and self.letters[name]["reason"] == "id_conflict"]
        left = dict.fromkeys(stay, "send it under another id")
        for name in set(names) - set(stay):
            del self.letters[name]
        return {"done": len(names) - len(stay), "left": left, "more": 0}

    def verification(self) -> dict[str, Any]:
        """So many seconds of work."""
        if self.began is None:
            return {"running": None, "last": self.last}
        share = min(1.0, (time.monotonic() - self.began) / self.seconds)
        run = {
            "tenant": None, "began": datetime.now(UTC).isoformat(), "ended": None, "records": int(RECORDS * share),
            "total": RECORDS, "verified": None, "problem": "", "verdict": None,
        }  # fmt: skip
        if share < 1:
            return {"running": run, "last": self.last}
        self._ended(run | {"verified": self.outcome["verified"], "verdict": self.outcome})
        return {"running": None, "last": self.last}

    def verify(self) -> dict[str, Any]:
        """Begin, unless one runs."""
        if self.began is None:
            self.began = time.monotonic()
        return self.verification()

    def cancel(self) -> dict[str, Any]:
        """End it."""
        found = self.verification()["running"]
        if found:
            self._ended(found | {"problem": "it was cancelled"})
        return self.verification()

    def _ended(self, run: dict[str, Any]) -> None:
        self.began = None
        self.last = run | {"ended": (datetime.now(UTC) + timedelta(seconds=self.seconds)).isoformat()}
