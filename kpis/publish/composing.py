"""Decides whose documents are computed next, and which tenants cannot have changed; in slices.

Tenants with events come first, with their documents without segments. Then documents that depend on the current time,
segments and histories, a row and window at a time, tenant by tenant. A tenant is checked once a minute; if nothing can
have changed, that check is its only cost.
"""

from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

from kpis.calendar.windows import MINUTE_MS, ceil_minute
from kpis.publish.documents import Board, check_as_of
from kpis.publish.dormant import can_sleep
from kpis.publish.next_due import next_due
from kpis.publish.published import Made, PublishedTenant, Slice
from kpis.publish.schedule import LIVE, schedule
from kpis.publish.tenants import Tenants
from kpis.state.tenant_state import TenantState

MOST: Final = 1_500  # documents of one slice, roughly: a publication is written in one step
BOARD_MS: Final = 2_000  # how long slices share one as-of
TURN: Final = 4  # slices in a row: waking a tenant for each would cost more than they do
QUIET: Final = 1  # minutes without an event after which a tenant may sleep
RECENT_MS: Final = 5_000  # a tenant published within this time reports its own as-of


class AsOfRefused(ValueError):
    """A past as-of that the kept panes cannot answer."""


class Failure(NamedTuple):
    """A tenant whose documents could not be computed: a bug. They are retried when the tenant changes."""

    tenant: str
    cause: str  # the exception's class and where it was raised


class Composed(NamedTuple):
    """The slices of one call, and overall progress. Plain data."""

    slices: list[Slice]
    urgent: bool  # tenants with events still wait
    more: bool  # anything waits
    settled: bool  # only histories wait
    checked: int  # ms: everything sent is current as of then, except for tenants published in the last seconds
    failures: list[Failure]  # of this call
    failing: tuple[str, ...]  # tenants whose published documents may be out of date


class Composer:
    """The queues of one lane."""

    def __init__(self, states: Tenants) -> None:
        self._states = states
        self._urgent: dict[str, None] = {}
        self._looks: dict[str, None] = {}  # tenants to check in this minute
        self._later: dict[str, None] = {}
        self._failing: dict[str, str] = {}
        self._minute: int | None = None
        self._turn = 0  # slices that the first in the queue has had

    def touch(self, tenants: Iterable[str]) -> None:
        """Events of these tenants were counted."""
        for tenant in tenants:
            self._urgent[tenant] = None
            self._failing.pop(tenant, None)

    def everything(self, tenants: Iterable[str] | None = None) -> None:
        """Resend all documents of tenants (None: of all)."""
        for tenant in self._states if tenants is None else tenants:
            if tenant in self._states:
                self._states.forget_published(tenant)
                self._later[tenant] = None
                self._failing.pop(tenant, None)

    def compose(
        self, now: int, *, live: bool, enough: Callable[[], bool], only_urgent: bool = False
    ) -> Composed:  # fmt: skip
        """Compute slices until ``enough`` returns true, at least a piece. ``now``: ms, never less than before.

        ``live``: documents as of now; else of one fixed moment in the past. Raises `AsOfRefused`.
        """
        self._tick(now, live=live)
        slices: list[Slice] = []
        failures: list[Failure] = []
        while tenant := self._next(only_urgent=only_urgent):
            self._states.make_room()
            try:
                made = self._of_tenant(tenant, now, live=live, enough=enough)
            except AsOfRefused:
                raise
            except Exception as error:  # noqa: BLE001 - a fault in one tenant's numbers must not stop the others'
                failures.append(self._fail(tenant, error))
                continue
            slices += made
            if live:
                self._rest(tenant, now)
            if enough():
                break
        more = bool(self._urgent or self._looks or self._later)
        settled = not (self._urgent or self._looks or any(map(self._states.documents_due, self._later)))
        return Composed(slices, bool(self._urgent), more, settled, self._checked(now), failures, tuple(self._failing))

    def changes(self, tenant: str, now: int) -> list[Slice]:
        """Everything of one tenant that may differ from what was sent, in one go. For tests and tools."""
        found: list[Slice] = []
        self.touch([tenant])
        while tenant in self._urgent or tenant in self._later:
            found += self._of_tenant(tenant, now, live=True, enough=lambda: False)
        return found

    def _tick(self, now: int, *, live: bool) -> None:
        minute = ceil_minute(now)
        if live and minute != self._minute and self._minute is not None:
            looks = self._states.look(minute)
            self._looks = dict.fromkeys(tenant for tenant in looks if tenant not in self._failing)
        self._minute = minute

    def _next(self, *, only_urgent: bool) -> str | None:
        for queue in (self._urgent,) if only_urgent else (self._urgent, self._looks, self._later):
            if queue:
                return next(iter(queue))
        return None

    def _of_tenant(self, tenant: str, now: int, *, live: bool, enough: Callable[[], bool]) -> list[Slice]:
        one = self._states[tenant]
        memory = one.memory
        urgent = self._urgent.pop(tenant, True) is None
        looked = self._looks.pop(tenant, True) is None
        if urgent or looked or memory.minute is None:
            if not live:
                self._check_as_of(one.state, now)
            schedule(one, now)
        found = self._slice(tenant, one, now, enough, parts=not urgent and not looked) if memory.due else None
        if not memory.documents_due:
            memory.clean = ceil_minute(now) * MINUTE_MS
        if memory.due:
            self._wait(tenant)
        else:
            self._later.pop(tenant, None)
            memory.board = None  # nothing moves within a minute
        if found is None:
            return []
        memory.composed_at = found.as_of
        return [found]

    def _wait(self, tenant: str) -> None:
        """Requeue a tenant with more due: it stays first for a turn of some slices, then goes to the back."""
        if next(iter(self._later), None) == tenant:
            self._turn += 1
            if self._turn < TURN:
                return
        self._turn = 0
        self._later.pop(tenant, None)
        self._later[tenant] = None

    def _rest(self, tenant: str, now: int) -> None:
        """Let an idle tenant sleep; if it is too large, drop its caches."""
        one, minute = self._states[tenant], ceil_minute(now)
        memory = one.memory
        if memory.due or minute <= memory.touched_at + QUIET:
            return
        if can_sleep(one.state) and next_due(one) > minute + 1:
            self._states.sleep(tenant)
        elif memory.warm and minute - memory.touched_at > LIVE:
            memory.warm = False
            one.state.tenant.cells.rest()

    def _slice(
        self, tenant: str, one: PublishedTenant, now: int, enough: Callable[[], bool], *, parts: bool
    ) -> Slice | None:
        memory = one.memory
        if not parts and not memory.totals_due:
            return None
        board = memory.board
        if board is None or not 0 <= now - board.as_of <= BOARD_MS:
            board = memory.board = Board(one.state, now, memory.remembered)
        made, memory.warm = Made(), True
        memory.totals(board, made)
        while parts and memory.parts_due:
            memory.some_parts(board, made, enough)
            if enough() or made.size >= MOST:
                break
        return memory.slice(tenant, board.as_of, made)

    @staticmethod
    def _check_as_of(state: TenantState, as_of: int) -> None:
        try:
            check_as_of(state, as_of)
        except ValueError as error:
            raise AsOfRefused(f"tenant {state.tenant.name}: {error}") from error

    def _fail(self, tenant: str, error: Exception) -> Failure:
        self._later.pop(tenant, None)
        memory = self._states[tenant].memory
        memory.minute = memory.board = None  # everything is recomputed when it changes
        at = error.__traceback__
        while at is not None and at.tb_next is not None:
            at = at.tb_next
        where = f" in {at.tb_frame.f_code.co_name}, line {at.tb_lineno}" if at else ""
        self._failing[tenant] = f"{type(error).__name__}{where}"
        return Failure(tenant, self._failing[tenant])

    def _checked(self, now: int) -> int:
        waiting = [*self._urgent, *self._looks, *self._later]
        states = self._states
        return min([now, *(states.clean(one) for one in waiting if now - states.composed_at(one) > RECENT_MS)])
