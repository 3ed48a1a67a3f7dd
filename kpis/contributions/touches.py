"""What touches add to the cells as they arrive, apart from their person's presence."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final

from kpis.cells.deltas import Delta
from kpis.cells.ledger import Contribution
from kpis.cells.measures import NAMES, Keeps, base_of, code
from kpis.facts.attribution import TOUCH_TYPES
from kpis.facts.outreach import TYPES
from kpis.facts.touches import BOT, BY_CODE, LATE, LOGINS, TOUCH_CODES, TouchCodes, Touches
from kpis.tenant.tenant import Tenant

LATE_PAGE: Final = code("late.p:crm.page.viewed")
# Kinds of touches that, when late, also count in their subject's segments.
TOUCHES_OF_SUBJECTS: Final = frozenset(
    number for number, kind in enumerate(BY_CODE) if kind.type.partition(":")[0] in (*TOUCH_TYPES, *TYPES)
)


@lru_cache(maxsize=1024)
def codes_of(keeps: Keeps) -> tuple[TouchCodes, ...]:
    """The measures of each kind of touch, without those that are not kept."""
    if keeps.everything:
        return TOUCH_CODES

    def kept(codes: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(one for one in codes if keeps.wants(base_of(NAMES.name(one))))

    return tuple(
        one._replace(
            people=kept(one.people), robots=kept(one.robots), counts=kept(one.counts), modelled=kept(one.modelled)
        )
        for one in TOUCH_CODES
    )


@lru_cache(maxsize=1024)
def late_of_subjects(keeps: Keeps) -> frozenset[int]:
    """Kinds of touches that, when late, count in their subject's segments."""
    return frozenset(one for one in TOUCHES_OF_SUBJECTS if keeps.levels(f"late.s:{BY_CODE[one].type}", True))


def add_touches(tenant: Tenant, touches: Touches) -> None:
    """Add what touches added as they arrived, for a recount."""
    for (time, kind, flags, own), page in zip(touches, touches.pages, strict=True):
        touch_deltas(tenant, kind, flags, time // 60_000, own)
        if page >= 0 and flags & LATE:
            late_page(tenant, page, time // 60_000)


def late_page(tenant: Tenant, page: int, minute: int) -> None:
    """Count a late view for its page."""
    if tenant.person_sets.followed(page):
        tenant.ledger.add(tenant.person_sets.page_code(page), LATE_PAGE, minute)


def touch_deltas(tenant: Tenant, kind: int, flags: int, minute: int, own: Any) -> None:
    """Add a touch's deltas, in its own segments."""
    codes = codes_of(tenant.keeps)[kind]
    add = tenant.ledger.add
    bot, late = flags & BOT, flags & LATE
    if late:
        add(0, codes.late, minute)
    for measure in codes.robots if bot else codes.people:
        add(0, measure, minute)
    if codes.segmented and (late or (not bot and (codes.counts or codes.modelled))):
        segments = plain = tenant.sets.code(tuple(own or ()))
        if BY_CODE[kind].modelled:
            plain = tenant.sets.code(tuple(own[:-1]))  # the model is the last
        if not bot:
            for measure in codes.counts:
                add(plain, measure, minute)
            for measure in codes.modelled:
                add(segments, measure, minute)
        if late:
            add(segments, codes.late_segmented, minute)


def touch_rows(tenant: Tenant, kind: int, flags: int, own: Any) -> Iterator[tuple[int, int]]:
    """(code of segments, code of measure) of each row that `touch_deltas` adds for a touch, except late rows."""
    codes = codes_of(tenant.keeps)[kind]
    for measure in codes.robots if flags & BOT else codes.people:
        yield 0, measure
    if flags & BOT or not (codes.counts or codes.modelled):
        return
    segments = plain = tenant.sets.code(tuple(own or ()))
    if BY_CODE[kind].modelled:
        plain = tenant.sets.code(tuple(own[:-1]))
    yield from ((plain, measure) for measure in codes.counts)
    yield from ((segments, measure) for measure in codes.modelled)


def of_late_views(tenant: Tenant, raw: str) -> Contribution:
    """An id's late touches, in its subject's segments."""
    segments = tenant.people.segments(tenant.people.subject(raw))
    for time, kind, flags, _ in tenant.people.touches.get(raw, ()):
        if flags & LATE and kind in TOUCHES_OF_SUBJECTS:
            yield segments, Delta(f"late.s:{BY_CODE[kind].type}", time, 1)


def of_logins(tenant: Tenant, raw: str) -> Contribution:
    """A user's sign-ins, in the segments of its person."""
    segments = tenant.people.segments(tenant.people.person(raw))
    for time, kind, _, _ in tenant.people.touches.get(raw, ()):
        if kind in LOGINS:
            yield segments, Delta("logins", time, 1)
