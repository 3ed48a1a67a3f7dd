"""`verify` if the journal's beginning is gone: everything left of it must be reflected in the state. Pure."""

from collections.abc import Callable, Iterable
from typing import Any, Final

from cli.recount import JournalRecord, Quarantine, Verdict
from kpis.cells.deltas import DAY_MS
from kpis.engine import Engine
from kpis.intake.dedupe import HORIZON_DAYS

OBJECTS: Final = {"deal": "deal_id", "order": "order_id", "subscription": "subscription_id"}


class Reflected:
    """Checks that the journal's events are in a state that cannot be recounted from the beginning."""

    def __init__(self, engine: Engine, objects: set[tuple[str, str, str]], quarantine: Quarantine) -> None:
        self._engine = engine
        self._objects = objects  # (tenant, kind, id) of deals, orders and subscriptions in the state
        self._quarantine = quarantine
        self.touched: dict[str, int] = {}

    def take(self, records: Iterable[JournalRecord], wanted: Callable[[str], bool], verdict: Verdict) -> None:
        """Check some records, in journal order."""
        for record in records:
            self.touched[record.tenant] = record.offset + 1
            if wanted(record.tenant):
                self._record(record, verdict)

    def _record(self, record: JournalRecord, verdict: Verdict) -> None:
        state = self._engine.state(record.tenant)
        block, skip = record.block, self._quarantine.offsets(record.tenant, record.block)
        high = state.highs.get((block["topic"], block["partition"]), -1)
        remembered = record.timestamp // DAY_MS > state.journal_day - HORIZON_DAYS
        known = state.seen.known([row[3] for row in block["rows"]]) if remembered else {}
        erased = bool(state.tenant.salt)  # an erased subject's objects are gone or renamed
        for row in (row for row in block["rows"] if row[0] not in skip):
            place = f"{record.tenant}: the event {block['topic']}/{block['partition']}/{row[0]}"
            if row[0] > high or (remembered and row[3] not in known):
                verdict.differs(f"{place} of the journal was never counted")
            elif not erased and (missing := self._missing(record.tenant, row)):
                verdict.differs(f"{place} was counted, but its {missing} is not among the facts")
            verdict.facts += 1

    def _missing(self, tenant: str, row: list[Any]) -> str | None:
        kind = row[5].split(".")[1] if row[5].count(".") >= 2 else ""
        name = row[10].get(OBJECTS.get(kind, ""))
        return None if name is None or (tenant, kind, str(name)) in self._objects else f"{kind} {name}"


def object_of(key: bytes) -> tuple[str, str, str] | None:
    """The (tenant, kind, id) of the object an entry belongs to; None for other kinds of entries."""
    tenant, kind, name, *_ = [*key[1:].decode(errors="replace").split("\0"), "", ""]
    return (tenant, kind, name) if key[:1] == b"f" and kind in OBJECTS else None
