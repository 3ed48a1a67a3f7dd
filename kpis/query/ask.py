"""Answers a question about a tenant: plain data in, plain data out."""

from collections.abc import Callable, Generator, Mapping
from datetime import date, datetime
from typing import Any, Final

from kpis.calendar.windows import MINUTE_MS
from kpis.calendar.zone import LAST_DAY, Zone, date_day
from kpis.publish.documents import check_as_of
from kpis.query.cross import cross
from kpis.query.explain import explain
from kpis.query.members import members
from kpis.query.question import Question, Refused
from kpis.query.series import series
from kpis.query.targets import targets
from kpis.query.timeline import timeline
from kpis.state.tenant_state import TenantState

Answering = Generator[int, None, dict[str, Any]]
"""Yields units of work, and returns the answer."""
Fields = Mapping[str, Any]


class NotFound(LookupError):
    """Nothing is known of the subject or tenant."""


def answering(state: TenantState, now: int, asked: Fields) -> Answering:
    """Answer a question as of ``now`` (ms), between batches: no fact may change until the end.

    Raises `Refused` for an invalid question, `NotFound` for a subject of which nothing is known.
    """
    name = asked.get("ask")
    found = ASKS.get(name) if isinstance(name, str) else None
    if found is None:
        raise Refused(f"unknown ask {name!r}: use one of {', '.join(ASKS)}")
    take, allowed = found
    fields = {key: value for key, value in asked.items() if key not in ("ask", "tenant")}
    if wrong := fields.keys() - allowed:
        raise Refused(f"{name} takes {', '.join(sorted(allowed))}, not {', '.join(sorted(wrong))}")
    try:
        return (yield from take(state, now, fields))
    finally:
        state.tenant.forget_read()  # also after an abandoned question: the next batch reads for itself


def _question(state: TenantState, now: int, asked: Fields) -> Question:
    at = _as_of(state, now, asked.get("as_of"))
    return Question(state, at, asked.get("kpi"), asked.get("window"), asked.get("segment"))


def _members(state: TenantState, now: int, asked: Fields) -> Answering:
    question = _question(state, now, asked)
    paging = {name: asked[name] for name in ("limit", "offset", "order") if name in asked}
    return (yield from members(question, **paging))


def _timeline(state: TenantState, now: int, asked: Fields) -> Answering:
    yield 0
    paging = {"limit": asked["limit"]} if "limit" in asked else {}
    try:
        return timeline(state, asked.get("subject"), **paging)
    except LookupError as error:
        raise NotFound(str(error)) from None


def _series(state: TenantState, now: int, asked: Fields) -> Answering:
    kpi, step, first, last = (asked.get(one) for one in ("kpi", "step", "first", "last"))
    return (yield from series(state, now, kpi, step, first, last, asked.get("segment"), asked.get("dimension")))


def _cross(state: TenantState, now: int, asked: Fields) -> Answering:
    kpi, window, rows, columns = (asked.get(one) for one in ("kpi", "window", "rows", "columns"))
    return (yield from cross(state, now, kpi, window, rows, columns))


def _document(state: TenantState, now: int, asked: Fields) -> Answering:
    yield 0
    return _question(state, now, asked).document()


def _explain(state: TenantState, now: int, asked: Fields) -> Answering:
    yield 0
    return explain(_question(state, now, asked))


def _targets(state: TenantState, now: int, asked: Fields) -> Answering:
    yield 0
    return targets(state)


def _as_of(state: TenantState, now: int, given: Any) -> int:
    """The instant the question is about, ms: now, or a local midnight, given as a day, in RFC 3339 or in ms."""
    if given is None:
        return now
    zone = state.tenant.zone
    at = _midnight(zone, given)
    if at is None or at > now or at % MINUTE_MS or at // MINUTE_MS != zone.midnight(zone.day(at // MINUTE_MS)):
        raise Refused(f"as_of must be a midnight in {zone.name} that is over, such as 2026-11-14")
    try:
        check_as_of(state, at)
    except ValueError as error:
        raise Refused(str(error)) from None
    return at


def _midnight(zone: Zone, given: Any) -> int | None:
    """An instant, ms; None: it is invalid, or outside the calendar."""
    try:
        if isinstance(given, str) and len(given) == len("2026-11-14"):
            found = zone.midnight(date_day(date.fromisoformat(given))) * MINUTE_MS
        elif isinstance(given, str):
            found = int(datetime.fromisoformat(given).timestamp() * 1000)
        else:
            found = given if isinstance(given, int) and not isinstance(given, bool) else -1
    except (ValueError, IndexError, OverflowError):
        return None
    return found if 0 <= found < LAST_DAY * 1440 * MINUTE_MS else None


ASKS: Final[dict[str, tuple[Callable[[TenantState, int, Fields], Answering], frozenset[str]]]] = {
    "members": (_members, frozenset({"kpi", "window", "segment", "as_of", "limit", "offset", "order"})),
    "timeline": (_timeline, frozenset({"subject", "limit"})),
    "series": (_series, frozenset({"kpi", "step", "first", "last", "segment", "dimension"})),
    "cross": (_cross, frozenset({"kpi", "window", "rows", "columns"})),
    "document": (_document, frozenset({"kpi", "window", "segment", "as_of"})),
    "targets": (_targets, frozenset()),
    "explain": (_explain, frozenset({"kpi", "window", "segment", "as_of"})),
}
