"""The contribution of a deal, in its own segments and those of its stages."""

from kpis.calendar.intervals import FOREVER
from kpis.cells.deltas import Delta
from kpis.cells.ledger import Contribution, Parts
from kpis.facts.deal_logs import DealLogs
from kpis.facts.deals import Deal, deal_deltas, deal_segments, stage_named
from kpis.facts.stages import STAGE_EVENTS, stay_deltas
from kpis.identity.ids import segment_of
from kpis.tenant.facts import TenantFacts
from kpis.tenant.readings import deal_of, reading, stays_of


def deal_parts(tenant: TenantFacts, key: str) -> Parts:
    """A deal's contribution in parts, so that only the part that differs is emitted."""
    read, logs = reading(tenant, key), tenant.deal_logs.setdefault(key, DealLogs(tenant.sets))
    segments = own_segments(tenant, read.deal)
    late, stays = logs.late.go_on(read.late()), read.stays()
    current = [stay for stay in stays[-1:] if stay.end == FOREVER]
    gone = read.deal.state in ("merged", "deleted")
    return {
        "won": (0, read.won()),
        "stays": (None, [] if gone else logs.stays.go_on(stays[: len(stays) - len(current)])),
        "current": (None, [] if gone else [(logs.code(stage), delta) for stage, delta in stay_deltas(current)]),
        "own": (segments, list(deal_deltas(read.deal, read.stale(), tenant.settings, tenant.zone))),
        "late": (segments, list(late.own)),
        "late stages": (None, list(late.stages)),
    }


def own_segments(tenant: TenantFacts, deal: Deal) -> int:
    """The code of a deal's own segments."""
    return tenant.sets.code(tuple(segment_of(*pair) for pair in deal_segments(deal, tenant.settings)))


def of_deal_alone(tenant: TenantFacts, key: str) -> Contribution:
    """A deal without stages, attempts and stale time."""
    deal = deal_of(tenant, key)
    segments = own_segments(tenant, deal)
    return ((segments, delta) for delta in deal_deltas(deal, [], tenant.settings, tenant.zone))


def of_deal(tenant: TenantFacts, key: str) -> Contribution:
    """A deal, in its own segments, with its late events."""
    if key not in tenant.deals:
        return
    read = reading(tenant, key)
    yield from ((0, delta) for delta in read.won())
    for stage, delta in stay_deltas(stays_of(read)):
        yield tenant.sets.code((segment_of("stage", stage),)), delta
    segments = own_segments(tenant, read.deal)
    for delta in deal_deltas(read.deal, read.stale(), tenant.settings, tenant.zone):
        yield segments, delta
    for event in read.late():
        yield segments, Delta(f"late.d:crm.deal.{event.kind}", event.time, 1)
        named = stage_named(event.data)
        if named and event.kind in STAGE_EVENTS:
            yield tenant.sets.code((segment_of("stage", named),)), Delta(f"late.g:crm.deal.{event.kind}", event.time, 1)
