"""What single members of a number contribute to it: the rows behind its cells, each with whose it is.

A member is what the facts are of: a deal, a customer, a message, an answer. Contributions are the pure functions that
the cells are summed from, so that members add up to the number by construction.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property, partial
from typing import Final

from kpis.calendar.windows import Window
from kpis.catalog import Kpi
from kpis.catalog.inputs import INPUTS
from kpis.cells.cells import MEASURE_MASK, MINUTE_BIAS, MINUTE_BITS, MINUTE_MASK, Rows
from kpis.cells.declared import DECLARED, Measure
from kpis.cells.deltas import Delta
from kpis.cells.distinct import BASES, SUFFIXES, Presence
from kpis.cells.ledger import Contribution, minute_of
from kpis.cells.measures import MEASURE_BITS, NAMES, base_of
from kpis.contributions.acquisition import of_acquisition
from kpis.contributions.click_conversions import hits_by_click
from kpis.contributions.credit import CREDIT
from kpis.contributions.forms import form_deltas
from kpis.contributions.persons import of_score, signup_of
from kpis.contributions.touches import codes_of, touch_rows
from kpis.contributions.touches_to_close import closings
from kpis.facts.answer_order import dated
from kpis.facts.customers import NOBODY, note_losses
from kpis.facts.losses import Losses
from kpis.facts.nps import answer_deltas
from kpis.facts.touches import BOT
from kpis.intake.kinds import GROUPS
from kpis.slices import Work
from kpis.state.rebuild import holders
from kpis.tenant.person_sets import SEGMENTED
from kpis.tenant.tenant import Tenant

Member = tuple[str, str]
"""Kind, and id as the facts spell it."""
Held = dict[str, list[tuple[int, int, int]]]
"""Measure -> (minute, change, code of segments)."""
READ: Final = 30  # units of work of a group
TOUCH: Final = 2
EVERY_ANSWER: Final = "nps_all."
MANY: Final = 4096  # persons whose presence is worked out together


def measures_of(kpi: Kpi) -> list[Measure]:
    """The measures that a KPI reads. Deals are lost, and so are customers: of the same name the KPI's own."""
    bases, of_deals = INPUTS[kpi.id].bases, kpi.rows == "deal"
    found = [one for one in DECLARED if one.name in bases]
    names = Counter(one.name for one in found)
    return [one for one in found if names[one.name] == 1 or (one.grain == "deal") == of_deals]


class Wanted:
    """Which rows a KPI reads in a window. ``segments``: what rows must be in, one of them; None: any."""

    def __init__(self, kpi: Kpi, window: Window, segments: frozenset[str] | None) -> None:
        self.inputs = inputs = INPUTS[kpi.id]
        self.groups = {group for one in measures_of(kpi) for group in one.groups}
        self.suffixes = {window.name, window.bucket, *(name.partition("@")[2] for name in inputs.names)}
        self._segments = segments
        self._measures: dict[str, bool] = {}
        self._codes: dict[int, bool] = {}

    def measure(self, name: str) -> bool:
        """Whether a measure is read."""
        found = self._measures.get(name)
        if found is None:
            suffix = name.partition("@")[2]
            found = base_of(name) in self.inputs.bases and (not suffix or suffix in self.suffixes)
            self._measures[name] = found
        return found

    def code(self, tenant: Tenant, code: int) -> bool:
        """Whether rows in a set of segments are read."""
        found = self._codes.get(code)
        if found is None:
            found = self._segments is None or not self._segments.isdisjoint(tenant.sets.sets[code])
            self._codes[code] = found
        return found


class Gathered:
    """The rows of every member that has any. ``gather`` fills it."""

    def __init__(self, tenant: Tenant, wanted: Wanted) -> None:
        self.members: dict[Member, Held] = {}
        self._tenant, self._wanted = tenant, wanted
        # Interactions count persons: theirs are put together.
        self._by_person = any(base.partition(".")[0] == "engaged" for base in wanted.inputs.bases)

    def gather(self) -> Work:
        """Read every group that may contribute. Between batches; no fact may change until the end."""
        groups = self._wanted.groups
        for kind, keys, read in self._plain():
            if kind in groups:
                for key in keys:
                    for member, contribution in read(key):
                        self._put(member, contribution)
                    yield READ
        if "touch" in groups:
            yield from self._touches()
        if "presence" in groups:
            yield from self._presence()
        if "customer" in groups and any(base.startswith("lost") for base in self._wanted.inputs.bases):
            yield from self._losses()
        self._tenant.forget_read()

    def _plain(self) -> Iterator[tuple[str, Iterable[str], Callable[[str], Iterable[tuple[Member, Contribution]]]]]:
        """(kind of group, keys, what reads one)."""
        tenant, people = self._tenant, self._tenant.people
        tables: dict[str, Iterable[str]] = {
            "deal": tenant.deals, "order": tenant.orders, "contract": tenant.contracts, "lead": tenant.leads,
            "ticket": tenant.tickets, "record": tenant.records, "click": tenant.click_facts, "cost": tenant.costs,
        }  # fmt: skip
        for kind, keys in tables.items():
            yield kind, keys, partial(self._own, kind)
        yield "closing", closings(tenant), lambda key: [(("deal", key), GROUPS["closing"](tenant, key))]
        yield "message", tenant.messages, self._message
        yield CREDIT, tenant.purchases, self._sale
        yield "logins", people.touches, self._logins
        yield "hits", self._roots, self._hits
        yield "forms", self._roots, self._forms
        yield "mrr", self._roots, lambda root: [(("customer", root), GROUPS["mrr"](tenant, root))]
        yield "score", self._roots, lambda root: [(("customer", root), tenant.engagement.adds(root))]
        yield "customer", self._roots, lambda root: [(("customer", root), tenant.customer_index.adds(root))]
        yield "acquisition", self._roots, self._acquisition
        yield "person", self._persons, self._person
        yield "landing", self._persons, self._landing

    def _own(self, kind: str, key: str) -> Iterable[tuple[Member, Contribution]]:
        return [((kind, key), GROUPS[kind](self._tenant, key))]

    @cached_property
    def _persons(self) -> Iterable[str]:
        return self._tenant.people.everyone(holders(self._tenant))

    @cached_property
    def _roots(self) -> Iterable[str]:
        return dict.fromkeys(map(self._tenant.people.subject, self._persons))

    def _hits(self, root: str) -> Iterable[tuple[Member, Contribution]]:
        return ((("click", key), [added]) for key, added in hits_by_click(self._tenant, root))

    def _forms(self, root: str) -> Iterable[tuple[Member, Contribution]]:
        people = self._tenant.people
        if people.subject(root) == root:
            segments = people.segments(root)
            for session, form in self._tenant.forms.by_session(root).items():
                yield ("form", "\0".join(session)), ((segments, delta) for delta in form_deltas(form))

    def _message(self, key: str) -> Iterable[tuple[Member, Contribution]]:
        member = ("message", key)
        if self._by_person:
            member = ("person", self._tenant.people.person("message:" + key.partition("\0")[0]))
        return [(member, GROUPS["message"](self._tenant, key))]

    def _sale(self, name: str) -> Iterable[tuple[Member, Contribution]]:
        kind, _, key = name.partition(":")
        return [((kind, key), GROUPS[CREDIT](self._tenant, name))]

    def _logins(self, raw: str) -> Iterable[tuple[Member, Contribution]]:
        if raw.startswith("user:"):
            yield ("person", self._tenant.people.person(raw)), GROUPS["logins"](self._tenant, raw)

    def _acquisition(self, root: str) -> Iterable[tuple[Member, Contribution]]:
        since = self._tenant.customer_index.now(root).customer.since
        return [(("customer", root), of_acquisition(self._tenant, root, since))]

    def _person(self, key: str) -> Iterable[tuple[Member, Contribution]]:
        tenant, people = self._tenant, self._tenant.people
        if people.person(key) != key:
            return
        raws, segments = people.own_raws(key), people.segments(key)
        yield ("person", key), signup_of(tenant, raws, segments)
        answers = [answer for raw in raws for answer in tenant.answers.get(raw, ())]
        latest = answer_deltas(answers, tenant.settings, tenant.zone) if answers else ()
        yield ("person", key), ((segments, one) for one in latest if not one.measure.startswith(EVERY_ANSWER))
        for raw in raws:
            for place, answer in enumerate(tenant.answers.get(raw, ())):
                if (found := dated(answer, tenant.settings)) is not None:
                    one = Delta(EVERY_ANSWER + found.nps_class, answer.time, 1)
                    yield ("answer", f"{raw}\0{place}"), [(segments, one)]
            for place, score in enumerate(tenant.scores.get(raw, ())):
                yield ("score", f"{raw}\0{place}"), of_score(tenant, segments, score)

    def _landing(self, key: str) -> Iterable[tuple[Member, Contribution]]:
        deltas = self._tenant.landings.held(key)
        return [(("person", key), ((0, delta) for delta in deltas))]

    def _put(self, member: Member, contribution: Contribution) -> None:
        """The rows of a contribution that are read."""
        tenant, wanted = self._tenant, self._wanted
        held = None
        for code, (measure, instant, change) in contribution:
            if wanted.measure(measure) and wanted.code(tenant, code):
                held = self.members.setdefault(member, {}) if held is None else held
                held.setdefault(measure, []).append((minute_of(instant), change, code))

    # --- touches

    def _touches(self) -> Work:
        """Each touch by itself, or those of a person together."""
        tenant, people, wanted = self._tenant, self._tenant.people, self._wanted
        names = NAMES.names
        read = [
            any(wanted.measure(names[one]) for one in (*codes.people, *codes.robots, *codes.counts, *codes.modelled))
            for codes in codes_of(tenant.keeps)
        ]
        for raw, touches in people.touches.items():
            for place, (time, kind, flags, own) in enumerate(touches):
                if not read[kind]:
                    continue
                rows = ((code, Delta(names[one], time, 1)) for code, one in touch_rows(tenant, kind, flags, own))
                whole = self._by_person and not flags & BOT
                self._put(("person", people.person(raw)) if whole else ("touch", f"{raw}\0{place}"), rows)
            yield READ + TOUCH * len(touches.packed)

    # --- presence and losses: worked out for many at once, who they are of in the place of their segments

    def _presence(self) -> Work:
        tenant, wanted = self._tenant, self._wanted
        bases = frozenset(n for n, name in enumerate(BASES.names) if name in wanted.inputs.bases)
        kinds = frozenset(place for place, suffix in enumerate(SUFFIXES) if suffix in wanted.suffixes)
        presence, whose = Presence(), dict[str, int]()
        for person, base, times in tenant.person_sets.present(bases):
            place = whose.setdefault(person, len(whose))
            presence.whole(base, place, times, 1)
            if place >= MANY:
                yield self._flushed(presence, whose, kinds)
            else:
                yield 3 * len(times)
        yield self._flushed(presence, whose, kinds)

    def _flushed(self, presence: Presence, whose: dict[str, int], kinds: frozenset[int]) -> int:
        tenant, rows = self._tenant, Rows()
        presence.flush(rows, tenant.zone, tenant.landings.young, kinds)
        names = list(whose)
        segmented = {BASES.names[base] for base in SEGMENTED}
        whose.clear()

        def code(person: str, measure: str) -> int:
            return tenant.people.segments(person) if base_of(measure) in segmented else tenant.sets.everything

        return self._unpack(rows, [("person", name) for name in names], code)

    def _losses(self) -> Work:
        tenant, roots = self._tenant, list(self._roots)
        for start in range(0, len(roots), MANY):
            losses, some, rows = Losses(apart=True), roots[start : start + MANY], Rows()
            for place, root in enumerate(some):
                note_losses(losses, place, NOBODY, tenant.customer_index.now(root).customer)
                yield READ
            losses.flush(rows, tenant.zone)
            yield self._unpack(rows, [("customer", root) for root in some], self._code_of_loss)

    def _code_of_loss(self, root: str, measure: str) -> int:
        return self._tenant.people.segments(root) if measure == "lost@month" else self._tenant.sets.everything

    def _unpack(self, rows: Rows, whose: list[Member], code: Callable[[str, str], int]) -> int:
        """Rows that say who they are of where others say their segments."""
        for key, change in rows.items():
            head, minute = key >> MINUTE_BITS, (key & MINUTE_MASK) - MINUTE_BIAS
            member, measure = whose[head >> MEASURE_BITS], NAMES.name(head & MEASURE_MASK)
            if not self._wanted.measure(measure):
                continue
            segments = code(member[1], measure)
            if self._wanted.code(self._tenant, segments):
                self.members.setdefault(member, {}).setdefault(measure, []).append((minute, change, segments))
        return READ + 2 * len(rows)
