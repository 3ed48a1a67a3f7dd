"""Checks a rule against the windows of its KPI and the configured channels."""

from collections.abc import Iterable

from alerts.texts import ROWS
from models.alerting import Rule
from models.notifying import Channel
from notify.channels import unknown_channels


def complaint(rule: Rule, channels: Iterable[Channel]) -> tuple[str, str] | None:
    """(field, problem), or None."""
    if rule.kpi is not None:
        row = ROWS[rule.kpi]
        windows = row.segment_windows if rule.segment else row.windows
        if rule.window not in windows:
            by = " by segment" if rule.segment else ""
            return "window", f"{rule.kpi} has no window {rule.window}{by}; use one of {', '.join(windows)}"
    if wrong := unknown_channels(channels, rule.tenant, rule.to):
        return "to", f"there is no channel {wrong[0][:64]!r} of {rule.tenant}; notify.channels of the settings has them"
    return None
