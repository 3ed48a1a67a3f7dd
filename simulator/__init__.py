"""A few small companies and the people who deal with them: seeded, pure, endless.

`World` is the whole interface: `history()` generates the past quickly, `live()` continues with the same people.
Nothing here knows what a KPI is; the world only counts the events, copies and bad records it sent.
"""

from simulator.profiles import PROFILES, Profile, companies, tenant_settings
from simulator.rhythm import DAY
from simulator.sent import INPUT_TOPICS, Counts, Sent
from simulator.world import World, sized

__all__ = [
    "DAY",
    "INPUT_TOPICS",
    "PROFILES",
    "Counts",
    "Profile",
    "Sent",
    "World",
    "companies",
    "sized",
    "tenant_settings",
]
