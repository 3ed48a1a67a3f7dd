"""Stores late events that are not touches, so that late data is counted with the subject it belongs to."""

from kpis.cells.deltas import DAY_MS
from kpis.contributions.acquisition import LATE_CUSTOMERS
from kpis.contributions.late import late_deltas
from kpis.facts.late import LateEvent
from kpis.facts.survey_scores import late_scale
from kpis.facts.touches import MENTION_TYPES, SENTIMENT, is_judged
from kpis.intake.attribution import note_late
from kpis.intake.unpicked import keeps
from kpis.tenant.tenant import Tenant
from models.record import Row


def keep_late(tenant: Tenant, raw: str, row: Row) -> None:
    """Store a late event that is not a touch, in a group per UTC day; a conversion with its own segments."""
    if not keeps(tenant, raw):
        return
    key, root = f"{raw}\0{row.time // DAY_MS}", tenant.people.subject(raw)
    if row.type.startswith(LATE_CUSTOMERS):
        note_late(tenant, root)
    converts = row.type in tenant.conversions.types
    own = tenant.sets.sets[tenant.own_segments(row.data)][1:] if converts else None
    event = LateEvent(row.time, event_label(row), late_scale(row), own)
    tenant.file("late", key, tenant.late, event)
    tenant.assign("late", key, raw)
    if not tenant.ledger.is_open("late", key):
        for segments, delta in late_deltas(tenant, raw, event):
            tenant.ledger.add_delta(segments, delta, 1)


def event_label(row: Row) -> str:
    """The label under which late and bots' events are counted: type, survey type, and whether sentiment was judged."""
    if row.type == "crm.survey.answered":
        return f"{row.type}:{row.data.get('survey_type')}"
    return row.type + SENTIMENT if row.type in MENTION_TYPES and is_judged(row.type, row.data) else row.type
