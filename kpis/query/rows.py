"""What single members of a number contribute to it: the rows behind its cells, each with whose it is.

A member is what the facts are of: a deal, a customer, a message, an answer. Contributions are the pure functions that
the cells are summed from, so that members add up to the number by construction.
"""

from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property, partial
from typing import Final

from kpis.calendar.windows import MINUTE_MS, MINUTE_WINDOWS, Window
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
from kpis.contributions.deals import of_deal_alone
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
"""Of one member or group: measure -> (minute, change, code of segments)."""
READ: Final = 30  # units of work of a group
TOUCH: Final = 2
MARGIN: Final = 15  # minutes: segments are read by quarter hours
SPENDING: Final = frozenset({"ltv", "new_business"})
STANDING: Final = frozenset({"open", "open_undated", "open_value", "open_undated_value", "stale", "qualified",
                             "qualified_undated", "stay_open"})  # fmt: skip
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

    def __init__(self, kpi: Kpi, window: Window, segments: frozenset[str] | None, *, only: bool) -> None:
        """``only``: nothing is read outside the window."""
        self.inputs = inputs = INPUTS[kpi.id]
        self.groups = {group for one in measures_of(kpi) for group in one.groups}
        self.suffixes = {window.name, window.bucket, *(name.partition("@")[2] for name in inputs.names)}
        self.window, self.only = window, only
        self.spelled = {base_of(name) for name in inputs.names if "@" in name}  # also read in windows they spell
        self.span: range | None = None  # ms, a little more than the window; None: all time
        if only and window.start is not None:
            self.span = range((window.start - MARGIN) * MINUTE_MS, (window.end + MARGIN) * MINUTE_MS)
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


class Column:
    """The rows of one measure: whose they are (by place), their minutes, changes, and codes of segments."""

    __slots__ = ("changes", "codes", "minutes", "places")

    def __init__(self) -> None:
        self.places, self.minutes, self.changes, self.codes = (array("q") for _ in range(4))


class Gathered:
    """The rows of every member that has any, by measure. ``gather`` fills it."""

    def __init__(self, tenant: Tenant, wanted: Wanted) -> None:
        self.members: list[Member] = []  # by place
        self.columns: dict[str, Column] = {}
        self._places: dict[Member, int] = {}
        self._unwanted: set[str] = set()
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
            "order": self._orders(), "contract": tenant.contracts, "lead": tenant.leads,
            "ticket": tenant.tickets, "record": tenant.records, "click": tenant.click_facts, "cost": tenant.costs,
        }  # fmt: skip
        for kind, keys in tables.items():
            yield kind, keys, partial(self._own, kind)
        yield "deal", self._deals(), self._deal
        yield "closing", closings(tenant), lambda key: [(("deal", key), GROUPS["closing"](tenant, key))]
        yield "message", tenant.messages, self._message
        yield CREDIT, tenant.purchases, self._sale
        yield "logins", people.touches, self._logins
        yield "hits", self._roots, self._hits
        yield "forms", self._roots, self._forms
        yield "mrr", self._customers, lambda root: [(("customer", root), GROUPS["mrr"](tenant, root))]
        yield "score", self._customers, lambda root: [(("customer", root), tenant.engagement.adds(root))]
        yield "customer", self._customers, self._customer
        yield (
            "acquisition",
            dict.fromkeys((*self._customers, *map(people.subject, tenant.marketing))),
            self._acquisition,
        )
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

    @cached_property
    def _customers(self) -> Iterable[str]:
        """Subjects that may be customers."""
        tenant = self._tenant
        plans = (f"subscription:{key}" for key in tenant.subscriptions)
        return dict.fromkeys(map(tenant.people.subject, (*tenant.customers, *tenant.purchases, *plans)))

    def _customer(self, root: str) -> Iterable[tuple[Member, Contribution]]:
        bases = self._wanted.inputs.bases
        spending = not bases.isdisjoint(SPENDING)
        cohorts = any(base.startswith("cohort") for base in bases)
        return [(("customer", root), self._tenant.customer_index.adds(root, spending=spending, cohorts=cohorts))]

    def _orders(self) -> Iterable[str]:
        """Keys of orders that may be in the window: where no refunds are asked for, those that stand and lie in it."""
        tenant, span = self._tenant, self._wanted.span
        if span is None or "adjustments" in self._wanted.inputs.bases:
            return tenant.orders
        held = ((name.partition(":"), one.time) for name, one in tenant.purchases.items())
        return (key for (kind, _, key), at in held if kind == "order" and at in span)

    def _deals(self) -> Iterable[str]:
        """Keys of deals that may be in the window: where only what happened is asked for, those with an event in it."""
        deals, span = self._tenant.deals, self._wanted.span
        if span is None or not self._wanted.inputs.bases.isdisjoint(STANDING):
            return deals
        return (
            key for key, events in deals.items()
            if any(one.time in span or one.data.get("closed_at", one.time) in span for one in events)
        )  # fmt: skip

    def _deal(self, key: str) -> Iterable[tuple[Member, Contribution]]:
        bases = self._wanted.inputs.bases
        alone = bases.isdisjoint(("stale", "attempts.won")) and not any(base.startswith("stay") for base in bases)
        read = of_deal_alone if alone else GROUPS["deal"]
        return [(("deal", key), read(self._tenant, key))]

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

    def held(self, chosen: Iterable[int]) -> dict[int, Held]:
        """The rows of some members, by place."""
        found: dict[int, Held] = {place: {} for place in chosen}
        for measure, column in self.columns.items():
            for row, place in enumerate(column.places):
                if place in found:
                    one = (column.minutes[row], column.changes[row], column.codes[row])
                    found[place].setdefault(measure, []).append(one)
        return found

    def _put(self, member: Member, contribution: Contribution) -> None:
        """The rows of a contribution that are read."""
        columns, place = self.columns, None
        for code, (measure, instant, change) in contribution:
            if measure in self._unwanted:
                continue
            column = columns.get(measure)
            if column is None:
                if not self._wanted.measure(measure):
                    self._unwanted.add(measure)
                    continue
                column = columns[measure] = Column()
            if self._wanted.code(self._tenant, code):
                place = self._place(member) if place is None else place
                self._add(column, place, minute_of(instant), change, code)

    def _place(self, member: Member) -> int:
        found = self._places.get(member)
        if found is None:
            found = self._places[member] = len(self.members)
            self.members.append(member)
        return found

    @staticmethod
    def _add(column: Column, place: int, minute: int, change: int, code: int) -> None:
        column.places.append(place)
        column.minutes.append(minute)
        column.changes.append(change)
        column.codes.append(code)

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
        wanted = self._wanted
        bases = frozenset(n for n, name in enumerate(BASES.names) if name in wanted.inputs.bases)
        plain = frozenset(base for base in bases if wanted.only and BASES.names[base] not in wanted.spelled)
        yield from self._seen_in_window(plain)
        yield from self._seen(bases - plain)

    def _seen_in_window(self, bases: frozenset[int]) -> Work:
        """Who was there in the window, where nothing else is asked: one row, at the newest minute in it."""
        tenant, window = self._tenant, self._wanted.window
        start, suffix = window.start, window.bucket or window.name
        fine = suffix in MINUTE_WINDOWS
        for person, base, times in tenant.person_sets.present(bases):
            at = bisect_left(times, window.end)  # a later one may lie in the last quarter hour, as segments are read
            minute = (
                times[at - 1]
                if at and (start is None or times[at - 1] >= start)
                else times[at]
                if at < len(times)
                else None
            )
            if minute is not None:
                segments = tenant.people.segments(person) if base in SEGMENTED else tenant.sets.everything
                change = Delta(f"{BASES.names[base]}@{suffix}", (minute if fine else minute // 15 * 15) * MINUTE_MS, 1)
                self._put(("person", person), [(segments, change)])
            yield TOUCH

    def _seen(self, bases: frozenset[int]) -> Work:
        """All that presence adds, in every window of these kinds."""
        if not bases:
            return
        tenant, wanted = self._tenant, self._wanted
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
        tenant, roots = self._tenant, list(self._customers)
        for start in range(0, len(roots), MANY):
            losses, some, rows = Losses(apart=True), roots[start : start + MANY], Rows()
            for place, root in enumerate(some):
                note_losses(losses, place, NOBODY, tenant.customer_index.customer(root))
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
                column = self.columns.setdefault(measure, Column())
                self._add(column, self._place(member), minute, change, segments)
        return READ + 2 * len(rows)
