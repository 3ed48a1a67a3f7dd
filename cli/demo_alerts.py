"""Alert rules of the demo's companies: some that its numbers break, so that there is something to see."""

from typing import Final

RULES: Final = """
[[alerts.rules]]
id = "win-rate"
tenant = "{tenant}"
kind = "threshold"
kpi = "win_rate"
window = "30d"
below = 0.3
clear = 0.33
least_n = 10
to = ["team"]

[[alerts.rules]]
id = "orders-stopped"
tenant = "{tenant}"
kind = "no_data"
kpi = "orders"
window = "24h"
for = "10m"
to = ["team"]

[[alerts.rules]]
id = "rejected-events"
tenant = "{tenant}"
kind = "dead_letters"
above = 10
clear = 0
to = ["team"]

[[notify.channels]]
name = "team"
tenant = "{tenant}"
kind = "email"
addresses = ["team@{tenant}.example"]
"""


def alert_rules(tenant: str) -> str:
    """Of one company, as part of a settings file."""
    return RULES.format(tenant=tenant)
