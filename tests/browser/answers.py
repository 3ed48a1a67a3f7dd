"""What the mock answers: documents, series, segments, members, timelines, lag."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from kpis.query.words import phrase
from tests.browser.numbers import (
    DIMENSIONS,
    ROWS,
    TENANTS,
    VALUES,
    buckets,
    is_stock,
    point,
    size,
    text,
    wave,
)

PAGES: Final = Path(__file__).resolve().parents[2] / "docs" / "kpis"
STEPS_OF: Final = {"hour": "1h", "day": "yesterday", "week": "week", "month": "month"}
STEPS: Final = ("visitor", "lead", "opportunity", "won")


def published(window: str) -> list[str]:
    """KPIs with a total in a window."""
    return [row.id for row in ROWS.values() if window in row.windows and (row.vector is None or row.vector.whole)]


def segment_of(given: str | None) -> dict[str, str]:
    """``owner:anna`` as an object."""
    dimension, _, value = (given or "").partition(":")
    return {dimension: value} if value else {}


def document(
    tenant: str, kpi: str, window: str, segment: dict[str, str], revision: int, now: datetime, share: float = 1
) -> dict[str, Any]:
    """A document as Redis has it."""
    row = ROWS[kpi]
    drift = 1 + (0.004 * (revision % 9) if not row.stock else 0)
    value = size(tenant, row, window) * drift * (share if not is_stock(row) else 0.7 + 0.6 * wave(kpi, str(segment)))
    before = value * (0.82 + 0.36 * wave(tenant, kpi, window, "before"))
    n = max(int((540 if row.unit not in ("count",) else value) * (1 if row.unit == "count" else share)), 1)
    if kpi == "follow_ups_per_lead":
        n = 19
    ratio = row.unit in ("ratio", "index")
    found: dict[str, Any] = {
        "kpi": kpi,
        "title": row.title,
        "direction": row.direction,
        "window": window,
        "segment": segment,
        "value": text(row, value),
        "unit": row.unit,
        "previous": text(row, before),
        "previous_year": None,
        "numerator": round(value * n) if ratio else text(row, value),
        "denominator": n if ratio else None,
        "n": n,
        "status": "low_n" if row.low_n and n < 30 else "ok",
        "state": "live" if not window.startswith(("last", "yes")) else "final",
        "late_revised": 3 if wave(kpi, "late") < 0.3 else 0,
        "tz": TENANTS[tenant]["tz"],
        "as_of": now.isoformat(),
        "start": (now - timedelta(days=30)).isoformat(),
        "end": now.isoformat(),
        "watermark": now.isoformat(),
        "definition": 4,
        "rev": f"3.{revision}",
    }
    if row.money:
        found["currency"] = TENANTS[tenant]["currency"]
    if kpi.startswith("net_promoter_score"):
        found |= {"margin": 6.8, "numerator": 18_000, "denominator": n}
    return found


def told(kpi: str, line: int) -> str:
    """A line of the KPI's page; variants have none of their own."""
    page = PAGES / f"{kpi}.md"
    return page.read_text().splitlines()[line] if page.exists() else ""


def catalog() -> list[dict[str, Any]]:
    """One row a KPI."""
    return [
        {
            "kpi": row.id,
            "title": row.title,
            "unit": row.unit,
            "direction": row.direction,
            "windows": list(row.windows),
            "steps": [step for step, window in STEPS_OF.items() if window in row.windows],
            "dimensions": DIMENSIONS[row.rows] or ([row.vector.key] if row.vector else []),
            "family": row.rows,
            "vector": row.vector.key if row.vector else None,
            "additive": row.unit in ("count", "money") and not is_stock(row),
            "summary": told(row.id, 4),
            "formula": told(row.id, 12),
        }
        for row in ROWS.values()
    ]


def ask(what: str, tenant: str, kpi: str, query: dict[str, str], now: datetime) -> Any:
    """Everything below a KPI."""
    window = query.get("window", "30d")
    if what == "series":
        return _series(tenant, kpi, query, now)
    if what == "segments":
        return {
            "kpi": kpi,
            "window": window,
            "total": document(tenant, kpi, window, {}, 0, now),
            "dimensions": _segments(tenant, kpi, window, now),
        }
    if what == "members":
        limit, offset = int(query.get("limit", 50)), int(query.get("offset", 0))
        if kpi.startswith("mrr_") and "as_of" in query:
            return _movers(tenant, kpi, query["as_of"], limit, offset)
        return _members(kpi, limit, offset, now)
    if what == "cross":
        rows, columns = VALUES[query["rows"]][:6], VALUES[query["columns"]][:5]
        cells = [
            [
                document(tenant, kpi, window, {"a": f"{one} {other}"}, 0, now, 0.2 * wave(one, other, kpi))
                if wave(other, one) > 0.1
                else None
                for other in columns
            ]
            for one in rows
        ]
        return {
            "rows": rows,
            "columns": columns,
            "cells": [[one and {"value": one["value"], "n": one["n"]} for one in line] for line in cells],
        }
    return {
        "document": document(tenant, kpi, window, {}, 0, now),
        "formula": "won / (won + lost), by close date",
        "inputs": [
            {"measure": "won", "title": "Won deals", "value": 148},
            {"measure": "lost", "title": "Lost deals", "value": 392},
        ],
        "source": "kpi-precise",
    }


def _segments(tenant: str, kpi: str, window: str, now: datetime) -> dict[str, list[dict[str, Any]]]:
    row = ROWS[kpi]
    if tenant == "tyhja":
        return {}
    if kpi.startswith("sales_funnel"):
        counts = [41_200, 1_704, 540, 148]
        return {
            "step": [
                document(tenant, kpi, window, {"step": name}, 0, now)
                | {"value": count / before, "numerator": count, "denominator": before, "n": before, "previous": None}
                for name, count, before in zip(STEPS, counts, [counts[0], *counts], strict=False)
            ]
        }
    if kpi.startswith("cohort_retention"):
        months = buckets(tenant, "month", now, 10)
        return {
            "cohort": [
                document(tenant, kpi, "all", {"cohort": f"{month}+{later}"}, 0, now)
                | {"value": kept / people, "numerator": kept, "denominator": people, "n": people}
                for at, month in enumerate(months)
                for later in range(len(months) - at)
                for people in [40 + int(60 * wave(month))]
                for kept in [int(people * (1 if later == 0 else (0.5 + 0.35 * wave(month, "k")) * 0.96**later))]
            ]
        }
    if row.vector:
        names = {
            "channel": VALUES["channel"],
            "rfm": [f"{r}-{f}-{m}" for r in range(1, 6) for f in range(1, 6) for m in (1, 3, 5)],
            "tier": ["hot", "warm", "cold"],
        }[row.vector.key]
        return {
            row.vector.key: [
                document(tenant, kpi, window, {row.vector.key: one}, 0, now, 0.35 * wave(one) + 0.05) for one in names
            ]
        }
    return {
        name: [
            document(
                tenant, kpi, window, {name: one}, 0, now, (0.42 if at == 0 else 0.5 ** (at + 1)) + 0.03 * wave(one)
            )
            for at, one in enumerate(VALUES[name])
        ]
        for name in DIMENSIONS[row.rows]
    }


def _series(tenant: str, kpi: str, query: dict[str, str], now: datetime) -> dict[str, Any]:
    step, row = query.get("step", "day"), ROWS[kpi]
    names = [
        name
        for name in buckets(tenant, step, now, {"hour": 48, "day": 400, "week": 106, "month": 37}[step])
        if query.get("from", "") <= name <= query.get("to", "9")
    ]
    values = [point(tenant, row, step, name, running=name == names[-1]) for name in names]
    return {
        "kpi": kpi,
        "step": step,
        "unit": row.unit,
        "buckets": names,
        "running": True,
        "series": [
            {
                "segment": segment_of(query.get("segment")),
                "values": values,
                "n": [int(40 * wave(name)) + 8 for name in names],
                "status": ["low_n" if row.low_n and wave(name) < 0.5 else "ok" for name in names],
            }
        ],
    }


def sparklines(tenant: str, kpis: list[str], step: str, now: datetime) -> dict[str, Any]:
    """Thirty days of some KPIs."""
    if tenant == "tyhja":
        return {"buckets": [], "values": {}}
    days = buckets(tenant, step, now, 30 if step == "day" else 26)
    return {
        "buckets": days,
        "values": {
            kpi: [point(tenant, ROWS[kpi], step, day, running=day == days[-1]) for day in days]
            for kpi in kpis
            if kpi in ROWS and ROWS[kpi].windows != ("all",)
        },
    }


def _members(kpi: str, limit: int, offset: int, now: datetime) -> dict[str, Any]:
    total = (
        23
        if kpi
        in ("detractor_share", "tickets_opened", "customer_churn_rate_inactivity", "mrr_contraction", "mrr_churn")
        else 540
    )
    kind = {
        "detractor_share": "answer",
        "tickets_opened": "ticket",
        "mrr_churn": "subscription",
        "mrr_contraction": "subscription",
    }.get(kpi, "deal")
    members = [
        {
            "kind": kind,
            "id": f"{kind[0].upper()}-{1000 + at}",
            "subject": f"c-{(at * 7 + len(kpi)) % 40 + 100}",
            "title": f"{kind.title()} {1000 + at}",
            "n": 1,
            "numerator": int(wave(kpi, at) > 0.4),
            "time": (now - timedelta(hours=at * 5)).isoformat(),
            **(
                {"amount": f"{400 + 9000 * wave(at):.2f}", "currency": "EUR"}
                if kind in ("deal", "subscription")
                else {}
            ),
        }
        for at in range(offset, min(offset + limit, total))
    ]
    return {"kpi": kpi, "total": total, "n": total, "numerator": 61, "exact": True, "members": members}


def moved(tenant: str, kpi: str, as_of: str) -> tuple[datetime, datetime, str]:
    """The month that was last as of a day: its beginning and end, and what the table of movements says of it."""
    end = datetime.fromisoformat(as_of).replace(day=1, tzinfo=ZoneInfo(str(TENANTS[tenant]["tz"])))
    start = (end - timedelta(days=1)).replace(day=1)
    return start, end, str(point(tenant, ROWS[kpi], "month", f"{start:%Y-%m}", running=False))


def _movers(tenant: str, kpi: str, as_of: str, limit: int, offset: int) -> dict[str, Any]:
    """Customers whose movements add up to the month's."""
    start, _, value = moved(tenant, kpi, as_of)
    total, count = round(float(value) * 100), 23
    shares = [total // count + (at < total % count) for at in range(count)]
    members = [
        {"kind": "customer", "id": f"customer:c-{100 + at}", "subject": f"customer:c-{100 + at}", "n": 1,
         "numerator": f"{share / 100:.2f}", "time": (start + timedelta(days=at)).isoformat()}
        for at, share in enumerate(shares)
    ]  # fmt: skip
    told = {"kpi": kpi, "total": count, "n": count, "numerator": value, "currency": "EUR", "exact": True}
    return told | {"members": members[offset : offset + limit]}


def timeline(subject: str, now: datetime) -> dict[str, Any]:
    """A customer's facts, newest first."""
    what: list[tuple[str, dict[str, Any], str | None]] = [
        ("crm.deal.won", phrase("deal.won"), "12480.00"),
        ("crm.meeting.held", phrase("meeting.held"), None),
        ("crm.email.clicked", phrase("email.clicked"), None),
        ("crm.social.mentioned", phrase("social.mentioned") | {"mood": "positive"}, None),
        ("crm.deal.stage_changed", phrase("deal.moved", stage="negotiation"), None),
        ("crm.call.ended", {"text": "Call, connected, 12 minutes"}, None),  # as an earlier worker says it
        ("crm.survey.answered", phrase("survey.recommend", score="9", scale="0-10"), None),
        ("crm.page.viewed", phrase("page.viewed.path", path="/pricing"), None),
    ]
    facts = [
        {
            "time": (now - timedelta(hours=9 * at)).astimezone(UTC).isoformat(),
            "type": type_,
            "id": f"e{at}",
            "channel": type_.split(".")[1],
            **said,
            **({"amount": amount, "currency": "EUR"} if amount else {}),
        }
        for at, (type_, said, amount) in enumerate(what * 2)
    ]
    return {
        "subject": subject,
        "ids": [subject, "lead-77", "v-2231"],
        "traits": {"country": "DE", "source": "linkedin", "sector": "machinery"},
        "owner": "anna",
        "since": "2026-02-11T09:00:00Z",
        "facts": facts,
        "more": True,
    }


def lag(revision: int) -> dict[str, Any]:
    """As ``crmkpi lag --json`` says it, with what the server adds."""
    topics = [
        ("crm.touchpoints.pages.v1", 4),
        ("crm.touchpoints.email.v1", 4),
        ("crm.customers.v1", 4),
        ("kpi.accepted.v1", 12),
    ]
    partitions = [
        {
            "topic": topic,
            "partition": at,
            "committed": 1200,
            "end": 1204,
            "records": (revision + at) % 4 if topic == "kpi.accepted.v1" else 0,
            "seconds": 0.4,
            "lost": 0,
            "verdict": "WARN" if topic == "kpi.accepted.v1" and at == 5 else "OK",
        }
        for topic, count in topics
        for at in range(count)
    ]
    return {
        "group": "crmkpi",
        "records": sum(int(one["records"]) for one in partitions),
        "seconds": 0.8,
        "verdict": "WARN",
        "catch_up_s": 4.0,
        "partitions": partitions,
        "dead_letters": [{"topic": "crm.customers.v1.dlq", "records": 3}],
        "quarantine": 0,
    }
