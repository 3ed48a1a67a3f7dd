"""The tenants of one lane: active ones as objects, idle ones as bytes (kpis.publish.dormant)."""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Final

from kpis.publish.dormant import Dormant, can_sleep, size_of, take_apart
from kpis.publish.published import PublishedTenant
from kpis.state.tenant_state import TenantState
from models.tenants import TenantSettings

AWAKE: Final = 8  # idle tenants that may stay awake
AT_ONCE: Final = 4  # tenants put to sleep in one go


class Tenants(Mapping[str, PublishedTenant]):
    """By name. Looking a tenant up wakes it: do not keep a reference from one call of the lane to another.

    ``minute``: the minute up to which all were checked, or are being checked, for documents that time has changed.
    """

    def __init__(self, awake: int = AWAKE) -> None:
        self.minute: int | None = None
        self._all: dict[str, PublishedTenant | Dormant] = {}
        self._awake: dict[str, None] = {}  # least recently used first
        self._least = self._room = awake  # grows while sleeping tenants are needed again at once
        self._used: set[str] = set()  # with events in this minute,
        self._used_before: set[str] = set()  # and in the one before

    def __getitem__(self, name: str) -> PublishedTenant:
        found = self._all[name]
        if isinstance(found, Dormant):
            found = self._all[name] = found.wake(self.minute)
        self._awake.pop(name, None)
        self._awake[name] = None
        return found

    def __contains__(self, name: object) -> bool:
        return name in self._all

    def __iter__(self) -> Iterator[str]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    def take(self, name: str) -> PublishedTenant:
        """A tenant that has an event."""
        one = self._all[name]
        self._used.add(name)
        if isinstance(one, Dormant) and self.minute is not None and one.slept_at >= self.minute - 1:
            self._room += 1
        return self[name]

    def look(self, minute: int) -> list[str]:
        """Begin a minute; returns the tenants whose documents may have changed."""
        self.minute = minute
        self._room = max(self._least, min(self._room, len(self._used | self._used_before)))
        self._used_before, self._used = self._used, set()
        return [name for name, one in self._all.items() if not isinstance(one, Dormant) or one.is_due(minute)]

    def add(self, state: TenantState) -> PublishedTenant:
        """A new tenant."""
        one = self._all[state.tenant.name] = PublishedTenant.new(state)
        self._awake[state.tenant.name] = None
        return one

    def restart(self, name: str) -> None:
        """A tenant was restored, or recounted: nothing of its new state was published."""
        one = self[name]
        self._all[name] = PublishedTenant.new(one.state)

    # --- read without waking a tenant

    def is_outdated(self, name: str, settings: TenantSettings) -> bool:
        """Whether a tenant's cells were counted with other settings or formulas than these."""
        one = self._all[name]
        if isinstance(one, Dormant):
            return one.outdated or one.settings != settings
        return one.state.outdated or one.state.tenant.settings != settings

    def retarget(self, name: str, settings: TenantSettings) -> bool:
        """Have other targets by the settings, where these differ in nothing else; says whether they did."""
        one = self._all[name]
        held = one.settings if isinstance(one, Dormant) else one.state.tenant.settings
        if held == settings or held.model_copy(update={"targets": settings.targets}) != settings:
            return False
        tenant = self[name].state.tenant
        tenant.settings = settings
        tenant.targets.file(settings.targets)
        return True

    def size(self, name: str) -> int:
        """Roughly how many objects a tenant takes."""
        one = self._all[name]
        return one.size if isinstance(one, Dormant) else size_of(one.state)

    def composed_at(self, name: str) -> int:
        """As-of of a tenant's last publication, ms."""
        one = self._all[name]
        return one.composed_at if isinstance(one, Dormant) else one.memory.composed_at

    def clean(self, name: str) -> int:
        """When a tenant last had nothing due, ms."""
        one = self._all[name]
        return one.clean(self.minute) if isinstance(one, Dormant) else one.memory.clean

    def documents_due(self, name: str) -> bool:
        """Whether documents of a tenant are due, apart from histories."""
        one = self._all[name]
        return isinstance(one, Dormant) or one.memory.documents_due

    def forget_published(self, name: str) -> None:
        """Mark all documents of a tenant to be resent."""
        one = self._all[name]
        if isinstance(one, Dormant):
            one.forget_published(self.minute)
        else:
            one.memory.minute = None

    # --- sleep

    @property
    def awake(self) -> int:
        """How many tenants are awake."""
        return len(self._awake)

    def sleep(self, name: str) -> None:
        """Keep a tenant as bytes, if it can be."""
        one = self._all[name]
        if isinstance(one, Dormant) or not can_sleep(one.state):
            return
        self._all[name] = Dormant(one, self.minute)
        del self._awake[name]
        take_apart(one.state)

    def make_room(self) -> None:
        """Put some tenants to sleep, even with work due, where too many are awake: least recently used first."""
        spare = min(len(self._awake) - self._room, AT_ONCE)
        if spare > 0:
            for name in list(islice(filter(self._can_sleep, self._awake), spare)):
                self.sleep(name)

    def _can_sleep(self, name: str) -> bool:
        one = self._all[name]
        return not isinstance(one, Dormant) and can_sleep(one.state)
