"""The targets of a tenant: what holds, where it is from, and what was said before."""

from typing import Any

from kpis.publish.instants import instant_text
from kpis.state.tenant_state import TenantState


def targets(state: TenantState) -> dict[str, Any]:
    """Those that hold and those that were withdrawn, sorted; ``history``: all that events said, newest first."""
    known = state.tenant.targets
    return {"targets": [_target(state, key) for key in sorted({*known.said, *known.held()})]}


def _target(state: TenantState, key: str) -> dict[str, Any]:
    kpi, window, segment = key.split("\0", 2)
    held = state.tenant.targets.at(key)
    said = sorted(state.tenant.targets.said.get(key, ()), reverse=True)
    dimension, equals, value = segment.partition("=")
    return {
        "kpi": kpi, "window": window, "segment": {dimension: value} if equals else {},
        "value": None if held is None else held.text,
        "by": "event" if said else "file",
        "history": [{"time": instant_text(event.time), "value": event.value, "id": event.id} for event in said],
    }  # fmt: skip
