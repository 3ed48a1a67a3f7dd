"""Renewals: every due date of a contract, with its outcome."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Final

from models.record import Row
from recount.facts import Fact, Figure, dated
from recount.identity import moment
from recount.money import Rates
from recount.tenant import Tenant

DUE: Final = "crm.renewal.due"
COMPLETED: Final = "crm.renewal.completed"


@dataclass
class Due:
    """A due date of a contract, and its outcome."""

    row: Row
    outcome: Row | None = None

    @property
    def state(self) -> str:
        """Open, completed or lost."""
        return "open" if self.outcome is None else "completed" if self.outcome.type == COMPLETED else "lost"

    def target(self, rates: Rates) -> Fraction | None:
        """The amount due, at the rate of the due date."""
        return rates.price(self.row.data["amount"], self.row.data["currency"], self.row.data["due_at"])

    def renewed(self, rates: Rates) -> Fraction | None:
        """The renewed amount, at the same day's rate; the full target if none is given."""
        if self.outcome is None or self.outcome.type != COMPLETED:
            return Fraction(0)
        data = self.outcome.data
        if data.get("amount") is None:
            return self.target(rates)
        return rates.price(data["amount"], data.get("currency"), self.row.data["due_at"])


@dataclass
class Contract:
    """The events of one contract."""

    dues: list[Row] = field(default_factory=list)
    outcomes: list[Row] = field(default_factory=list)

    def settle(self) -> tuple[list[Due], list[Row]]:
        """Every due date with its outcome, and outcomes without a due date."""
        by_time = {row.data["due_at"]: Due(row) for row in sorted(self.dues, key=moment)}
        orphans, unnamed = [], []
        for row in sorted(self.outcomes, key=moment):
            at = row.data.get("due_at")
            if at is None:
                unnamed.append(row)
            elif at in by_time:
                by_time[at].outcome = row
            else:
                orphans.append(row)
        for row in unnamed:
            free = [at for at, due in by_time.items() if due.outcome is None]
            if free:
                by_time[min(free, key=lambda at: (abs(at - row.time), at))].outcome = row
            else:
                orphans.append(row)
        return list(by_time.values()), orphans


@dataclass(frozen=True)
class Worth:
    """A due date in the reporting currency; None if it can't be priced."""

    state: str
    target: Fraction | None
    renewed: Fraction | None

    @property
    def priced(self) -> bool:
        """Whether both sides are known."""
        return self.target is not None and self.renewed is not None


class Renewals:
    """All contracts of a tenant."""

    def __init__(self, tenant: Tenant) -> None:
        dues, orphans = [], []
        for contract_id, contract in contracts(tenant.counted).items():
            dims = tenant.dims_of_subject(tenant.people.subject_of_object("contract", contract_id))
            found, lost = contract.settle()
            for due in found:
                worth = Worth(due.state, due.target(tenant.rates), due.renewed(tenant.rates))
                dues.append(Fact(due.row.data["due_at"], dims, worth))
            orphans += [Fact(row.time, dims) for row in lost]
        self.dues, self.orphans = dated(dues), dated(orphans)


def contracts(rows: Iterable[Row]) -> dict[str, Contract]:
    """Events by contract."""
    found: dict[str, Contract] = {}
    for row in rows:
        if row.type.startswith("crm.renewal."):
            contract = found.setdefault(str(row.data["contract_id"]), Contract())
            (contract.dues if row.type == DUE else contract.outcomes).append(row)
    return found


Facts = Sequence[Fact]


def beside(dues: Facts, orphans: Facts) -> dict[str, Any]:
    """The fields shown with every rate."""
    return {"open": sum(fact.what.state == "open" for fact in dues), "parts": {"orphan": len(orphans)}}


def of_closed(dues: Facts, orphans: Facts) -> Figure:
    """Completed out of those with an outcome."""
    return by_count([fact for fact in dues if fact.what.state != "open"], beside(dues, orphans))


def of_due(dues: Facts, orphans: Facts) -> Figure:
    """Completed out of all."""
    return by_count(dues, beside(dues, orphans))


def by_count(among: Facts, more: dict[str, Any]) -> Figure:
    """Completed out of the given ones."""
    done = sum(fact.what.state == "completed" for fact in among)
    return Figure(Fraction(done, len(among)) if among else None, done, len(among), len(among), **more)


def gross(dues: Facts, orphans: Facts) -> Figure:
    """The part of all targets that was retained."""
    return by_money(dues, beside(dues, orphans), capped=True)


def gross_closed(dues: Facts, orphans: Facts) -> Figure:
    """The same for those with an outcome."""
    return by_money([fact for fact in dues if fact.what.state != "open"], beside(dues, orphans), capped=True)


def net(dues: Facts, orphans: Facts) -> Figure:
    """The renewed amount, growth included, out of all targets."""
    return by_money(dues, beside(dues, orphans), capped=False)


def by_money(among: Facts, more: dict[str, Any], *, capped: bool) -> Figure:
    """Renewed over target amount, for priceable due dates."""
    priced = [fact.what for fact in among if fact.what.priced]
    top = sum((min(one.renewed, one.target) if capped else one.renewed for one in priced), Fraction(0))
    bottom = sum((one.target for one in priced), Fraction(0))
    value = top / bottom if bottom else None
    return Figure(value, top, bottom, len(priced), len(among) - len(priced), **more)
