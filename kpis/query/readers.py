"""What each kind of group of facts contributes, with its member: a deal, a customer, a message, an answer.

Contributions are the pure functions that the cells are summed from, so members add up to the number by construction.
Groups that cannot lie in the window are left out where that is cheap to determine.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property, partial
from itertools import chain
from typing import Final

from kpis.cells.deltas import Delta
from kpis.cells.ledger import Contribution
from kpis.contributions.acquisition import of_acquisition
from kpis.contributions.click_conversions import hits_by_click
from kpis.contributions.credit import CREDIT
from kpis.contributions.deals import of_deal_alone
from kpis.contributions.forms import form_deltas
from kpis.contributions.persons import of_score, signup_of
from kpis.contributions.touches_to_close import closings
from kpis.facts.answer_order import dated
from kpis.facts.nps import answer_deltas
from kpis.facts.responses import is_latest, last_stamps
from kpis.intake.kinds import GROUPS
from kpis.query.customers import Customers
from kpis.query.rows import Member
from kpis.query.wanted import Wanted
from kpis.slices import Work
from kpis.state.rebuild import holders
from kpis.tenant.tenant import Tenant

Contributed = Iterable[tuple[Member, Contribution]]
Keys = Callable[[], Iterable[str]]
CUSTOMERS: Final = frozenset({"customer", "score", "acquisition"})  # groups that are read of customers
STANDING: Final = frozenset({"open", "open_undated", "open_value", "open_undated_value", "stale", "qualified",
                             "qualified_undated", "stay_open"})  # fmt: skip
LISTED: Final = frozenset({"hits", "forms", "person", "landing", "acquisition"})  # groups of subjects and persons
EVERY_ANSWER: Final = "nps_all."


class Readers:
    """Reads the groups of one tenant for one KPI."""

    def __init__(self, tenant: Tenant, wanted: Wanted) -> None:
        self._tenant, self._wanted = tenant, wanted
        self.customers = Customers(tenant, wanted.inputs.bases)
        # Interactions count persons: those of a person are read together.
        self.by_person = any(base.partition(".")[0] == "engaged" for base in wanted.inputs.bases)

    def prepare(self) -> Work:
        """Read what many groups need; call it first."""
        tenant, groups = self._tenant, self._wanted.groups
        people = tenant.people
        if not groups.isdisjoint(CUSTOMERS):
            yield from self.customers.read()
        if not groups.isdisjoint(LISTED):  # listing all persons cannot be done in parts
            yield 3 * (len(people.touches) + len(people.owned) + len(tenant.customers) + len(tenant.purchases))

    def all(self) -> Iterator[tuple[str, Keys, Callable[[str], Contributed]]]:
        """(kind of group, its keys, what reads one)."""
        tenant, people = self._tenant, self._tenant.people
        tables: dict[str, Iterable[str]] = {
            "contract": tenant.contracts, "lead": tenant.leads, "ticket": tenant.tickets, "record": tenant.records,
            "click": tenant.click_facts, "cost": tenant.costs,
        }  # fmt: skip
        for kind, table in tables.items():
            yield kind, partial(iter, table), partial(self._own, kind)
        yield "order", self._orders, partial(self._own, "order")
        yield "deal", self._deals, self._deal
        yield "closing", lambda: closings(tenant), partial(self._of, "deal", "closing")
        yield "message", lambda: tenant.messages, self._message
        yield CREDIT, lambda: tenant.purchases, self._sale
        yield "logins", lambda: people.touches, self._logins
        yield "hits", lambda: self._roots, self._hits
        yield "forms", lambda: self._roots, self._forms
        yield "mrr", self._subscribed, partial(self._of, "customer", "mrr")
        yield "score", lambda: self.customers.roots, self._score
        yield "acquisition", self._acquired, self._acquisition
        yield "person", lambda: self._persons, self._person
        yield "landing", lambda: self._persons, self._landing

    def _own(self, kind: str, key: str) -> Contributed:
        return [((kind, key), GROUPS[kind](self._tenant, key))]

    def _of(self, whose: str, kind: str, key: str) -> Contributed:
        return [((whose, key), GROUPS[kind](self._tenant, key))]

    def _score(self, root: str) -> Contributed:
        return [(("customer", root), self._tenant.engagement.adds(root, self.customers.business(root).customer))]

    def _acquired(self) -> Iterable[str]:
        return dict.fromkeys((*self.customers.roots, *map(self._tenant.people.subject, self._tenant.marketing)))

    def _subscribed(self) -> Iterable[str]:
        subject = self._tenant.people.subject
        return dict.fromkeys(subject(f"subscription:{key}") for key in self._tenant.subscriptions)

    @cached_property
    def _persons(self) -> Iterable[str]:
        return self._tenant.people.everyone(holders(self._tenant))

    @cached_property
    def _roots(self) -> Iterable[str]:
        return dict.fromkeys(map(self._tenant.people.subject, self._persons))

    def _orders(self) -> Iterable[str]:
        """Keys of orders that may be in the window; without refunds, those that were kept and lie in it."""
        tenant, span = self._tenant, self._wanted.span
        if span is None or "adjustments" in self._wanted.inputs.bases:
            return tenant.orders
        held = ((name.partition(":"), one.time) for name, one in tenant.purchases.items())
        return (key for (kind, _, key), at in held if kind == "order" and at in span)

    def _deals(self) -> Iterable[str]:
        """Keys of deals that may be in the window; if only events are counted, those with an event in it."""
        deals, span = self._tenant.deals, self._wanted.span
        if span is None or not self._wanted.inputs.bases.isdisjoint(STANDING):
            return deals
        return (
            key for key, events in deals.items()
            if any(one.time in span or int(one.data.get("closed_at", 0)) in span for one in events)
        )  # fmt: skip

    def _deal(self, key: str) -> Contributed:
        bases = self._wanted.inputs.bases
        alone = bases.isdisjoint(("stale", "attempts.won")) and not any(base.startswith("stay") for base in bases)
        read = of_deal_alone if alone else GROUPS["deal"]
        return [(("deal", key), read(self._tenant, key))]

    def _hits(self, root: str) -> Contributed:
        return ((("click", key), [added]) for key, added in hits_by_click(self._tenant, root))

    def _forms(self, root: str) -> Contributed:
        people = self._tenant.people
        if people.subject(root) == root:
            segments = people.segments(root)
            for session, form in self._tenant.forms.by_session(root).items():
                yield ("form", "\0".join(session)), ((segments, delta) for delta in form_deltas(form))

    def _message(self, key: str) -> Contributed:
        member = ("message", key)
        if self.by_person:
            member = ("person", self._tenant.people.person("message:" + key.partition("\0")[0]))
        return [(member, GROUPS["message"](self._tenant, key))]

    def _sale(self, name: str) -> Contributed:
        kind, _, key = name.partition(":")
        return [((kind, key), GROUPS[CREDIT](self._tenant, name))]

    def _logins(self, raw: str) -> Contributed:
        if raw.startswith("user:"):
            yield ("person", self._tenant.people.person(raw)), GROUPS["logins"](self._tenant, raw)

    def _acquisition(self, root: str) -> Contributed:
        return [(("customer", root), of_acquisition(self._tenant, root, self.customers.since(root)))]

    def _person(self, key: str) -> Contributed:
        tenant, people = self._tenant, self._tenant.people
        if people.person(key) != key:
            return
        raws, segments = people.own_raws(key), people.segments(key)
        yield ("person", key), signup_of(tenant, raws, segments)
        answers = [answer for raw in raws for answer in tenant.answers.get(raw, ())]
        latest = answer_deltas(answers, tenant.settings, tenant.zone) if answers else ()
        yield ("person", key), ((segments, one) for one in latest if not one.measure.startswith(EVERY_ANSWER))
        last = last_stamps(chain(answers, *(tenant.scores.get(raw, ()) for raw in raws)))
        for raw in raws:
            for place, answer in enumerate(tenant.answers.get(raw, ())):
                if is_latest(answer, last) and (found := dated(answer, tenant.settings)) is not None:
                    one = Delta(EVERY_ANSWER + found.nps_class, answer.time, 1)
                    yield ("answer", f"{raw}\0{place}"), [(segments, one)]
            for place, score in enumerate(tenant.scores.get(raw, ())):
                if is_latest(score, last):
                    yield ("score", f"{raw}\0{place}"), of_score(tenant, segments, score)

    def _landing(self, key: str) -> Contributed:
        deltas = self._tenant.landings.held(key)
        return [(("person", key), ((0, delta) for delta in deltas))]
