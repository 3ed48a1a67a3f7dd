"""What touches add to the numbers as they come, beside the presence of their person."""

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
# Late touches that count in the segments of their subject, too.
TOUCHES_OF_SUBJECTS: Final = frozenset(
    number for number, kind in enumerate(BY_CODE) if kind.type.partition(":")[0] in (*TOUCH_TYPES, *TYPES)
)


@lru_cache(maxsize=1024)
def codes_of(keeps: Keeps) -> tuple[TouchCodes, ...]:
    """What each kind of touch counts for, without the measures that nobody asks for."""
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
    """Kinds of touches that, late, count in the segments of their subject."""
    return frozenset(one for one in TOUCHES_OF_SUBJECTS if keeps.levels(f"late.s:{BY_CODE[one].type}", True))


def add_touches(tenant: Tenant, touches: Touches) -> None:
    """What touches added to the numbers as they came."""
    for (time, kind, flags, own), page in zip(touches, touches.pages, strict=True):
        touch_deltas(tenant, kind, flags, time // 60_000, own)
        if page >= 0 and flags & LATE:
            late_page(tenant, page, time // 60_000)


def late_page(tenant: Tenant, page: int, minute: int) -> None:
    """A late view counts among those of its page."""
    if tenant.person_sets.followed(page):
        tenant.ledger.add(tenant.person_sets.page_code(page), LATE_PAGE, minute)


def touch_deltas(tenant: Tenant, kind: int, flags: int, minute: int, own: Any) -> None:
    """What one touch adds to the numbers, in its own segments."""
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
    """(code of segments, code of measure) of each row that `touch_deltas` adds for one touch, but for late ones."""
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
    """Late touches fall in the subject's segments."""
    segments = tenant.people.segments(tenant.people.subject(raw))
    for time, kind, flags, _ in tenant.people.touches.get(raw, ()):
        if flags & LATE and kind in TOUCHES_OF_SUBJECTS:
            yield segments, Delta(f"late.s:{BY_CODE[kind].type}", time, 1)


def of_logins(tenant: Tenant, raw: str) -> Contribution:
    """A user's sign-ins, in the segments of its subject."""
    segments = tenant.people.segments(tenant.people.person(raw))
    for time, kind, _, _ in tenant.people.touches.get(raw, ()):
        if kind in LOGINS:
            yield segments, Delta("logins", time, 1)
