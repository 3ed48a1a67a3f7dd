"""Clicks, and which of them a conversion followed."""

from collections.abc import Iterable, Iterator

from kpis.cells.deltas import DAY_MS, Delta, ceil_quarter, level_deltas
from kpis.cells.ledger import Contribution
from kpis.facts.conversions import Click
from kpis.tenant.tenant import Tenant


def of_click(tenant: Tenant, key: str) -> Contribution:
    """A click, in its own segments: open until its window closes, then missed; `of_hits` takes that back."""
    click = tenant.clicks.facts.get(key)
    if click is None:
        return
    segments, closes = _place(tenant, click)
    yield segments, Delta("clicks", closes, 1)
    yield segments, Delta("clicks.missed", closes, 1)
    for delta in level_deltas("clicks.open", [(click.time, closes)]):
        yield segments, delta


def clicks_hit(tenant: Tenant, raws: Iterable[str], times: list[int]) -> Iterator[tuple[str, tuple[int, Delta]]]:
    """The clicks of some ids that a conversion followed, at one of these instants (ms) or by click id: (key, delta)."""
    for key, click in tenant.clicks.of(raws):
        if tenant.conversions.follow(times, click.time, tenant.clicks.click(key)):
            segments, closes = _place(tenant, click)
            yield key, (segments, Delta("clicks.missed", closes, -1))


def _place(tenant: Tenant, click: Click) -> tuple[int, int]:
    closes = ceil_quarter(click.time + tenant.settings.conversion_days * DAY_MS)
    return tenant.sets.code(tenant.fitted(click.segments)), closes


def of_hits(tenant: Tenant, root: str) -> Contribution:
    """A subject's clicks that a conversion followed; empty if ``root`` is no longer a subject."""
    return (added for _, added in hits_by_click(tenant, root))


def hits_by_click(tenant: Tenant, root: str) -> Iterator[tuple[str, tuple[int, Delta]]]:
    """The same, with the key of each click."""
    people, conversions = tenant.people, tenant.conversions
    if people.subject(root) != root or not conversions.facts:
        return
    times = conversions.of(root)
    if times or conversions.by_click:
        yield from clicks_hit(tenant, people.raws(root), times)
